using System.Data.Common;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Filters;
using Slipway.Platform.Registry.Search;

namespace Slipway.Platform.Registry;

/// <summary>A model whose lock the transaction holds.</summary>
/// <param name="Last">The number of its last version.</param>
internal sealed record TakenModel(string Name, int Last, string Project, bool Governed, Role Promoters);

/// <summary>Registered models, their tags and their aliases.</summary>
internal static class ModelStore
{
    internal const string Columns = "name, description, owner, created_ms, created_by, updated_ms, project, governed, promoters";

    /// <returns>0 when the name is taken.</returns>
    public static Task<int> InsertAsync(DbSession session, RegisteredModel model, int last, CancellationToken cancel) =>
        session.ExecuteAsync(
            $"""
            insert into registered_models ({Columns}, last_number)
            values (@name, @description, @owner, @at, @by, @updated, @project, @governed, @promoters, @last)
            on conflict (name) do nothing
            """,
            c => c.With("name", model.Name).With("description", model.Description).With("owner", model.Owner)
                .With("at", model.CreatedMs).With("by", model.CreatedBy).With("updated", model.UpdatedMs).With("project", model.Project)
                .With("governed", model.Governed ? 1 : 0).With("promoters", EnumName.Of(model.Promoters)).With("last", last),
            cancel);

    /// <summary>Locks the model until the transaction ends.</summary>
    /// <returns>Null when there is no such model.</returns>
    public static Task<TakenModel?> TakeAsync(DbSession session, string name, long nowMs, CancellationToken cancel) =>
        session.FirstAsync<TakenModel>(
            "update registered_models set updated_ms = @now where name = @name returning last_number, project, governed, promoters",
            c => c.With("name", name).With("now", nowMs),
            row => new TakenModel(name, row.GetInt32(0), row.GetString(1), row.GetInt32(2) == 1, EnumName.Parse<Role>(row.GetString(3), "role")),
            cancel);

    /// <summary>Locks the model until the transaction ends, and leaves it as it is.</summary>
    /// <returns>0 when there is no such model.</returns>
    public static Task<int> HoldAsync(DbSession session, string name, CancellationToken cancel) => session.ExecuteAsync(
        "update registered_models set updated_ms = updated_ms where name = @name", c => c.With("name", name), cancel);

    public static Task<string?> ProjectAsync(DbSession session, string name, CancellationToken cancel) => session.FirstAsync(
        "select project from registered_models where name = @name", c => c.With("name", name), row => row.Text(0), cancel);

    /// <returns>Those of the models that the actor may read.</returns>
    /// <param name="names">At least one.</param>
    public static Task<List<string>> ReadableAsync(DbSession session, Actor actor, IEnumerable<string> names, CancellationToken cancel)
    {
        var (sql, asked) = (new FilterSql(session.Engine), new NameList(names));
        return session.QueryAsync(
            $"select m.name from registered_models m where m.name in ({asked}) and {VisibleModels.Condition(sql, actor, "m")}",
            c =>
            {
                asked.BindTo(c);
                sql.BindTo(c);
            },
            row => row.GetString(0),
            cancel);
    }

    public static Task CountAsync(DbSession session, string name, int number, CancellationToken cancel) => session.ExecuteAsync(
        "update registered_models set last_number = @number where name = @name",
        c => c.With("name", name).With("number", number),
        cancel);

    public static Task ChangeAsync(DbSession session, RegisteredModel model, CancellationToken cancel) => session.ExecuteAsync(
        """
        update registered_models set description = @description, owner = @owner, governed = @governed, promoters = @promoters
        where name = @name
        """,
        c => c.With("name", model.Name).With("description", model.Description).With("owner", model.Owner)
            .With("governed", model.Governed ? 1 : 0).With("promoters", EnumName.Of(model.Promoters)),
        cancel);

    /// <summary>The model with its tags and aliases; its versions are gone already.</summary>
    public static async Task DeleteAsync(DbSession session, string name, CancellationToken cancel)
    {
        await session.ExecuteAsync("delete from deleted_model_versions where model = @name", c => c.With("name", name), cancel);
        await session.ExecuteAsync("delete from registered_model_tags where model = @name", c => c.With("name", name), cancel);
        await session.ExecuteAsync("delete from registered_models where name = @name", c => c.With("name", name), cancel);
    }

    public static async Task<RegisteredModel?> FindAsync(DbSession session, string name, CancellationToken cancel) =>
        await session.FirstAsync<RegisteredModel>(
            $"select {Columns} from registered_models where name = @name", c => c.With("name", name), Read, cancel) is { } model
            ? (await WithDetailAsync(session, [model], cancel))[0]
            : null;

    public static Task PutTagAsync(DbSession session, string model, string key, string value, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into registered_model_tags (model, key, value) values (@model, @key, @value)
            on conflict (model, key) do update set value = excluded.value
            """,
            c => c.With("model", model).With("key", key).With("value", value),
            cancel);

    /// <returns>0 when there was none.</returns>
    public static Task<int> DeleteTagAsync(DbSession session, string model, string key, CancellationToken cancel) => session.ExecuteAsync(
        "delete from registered_model_tags where model = @model and key = @key", c => c.With("model", model).With("key", key), cancel);

    public static Task<int?> AliasAsync(DbSession session, string model, string alias, CancellationToken cancel) =>
        session.FirstAsync<int?>(
            "select number from model_aliases where model = @model and alias = @alias",
            c => c.With("model", model).With("alias", alias),
            row => row.GetInt32(0),
            cancel);

    public static Task PutAliasAsync(
        DbSession session, string model, string alias, int number, long nowMs, CancellationToken cancel) => session.ExecuteAsync(
        """
        insert into model_aliases (model, alias, number, updated_ms) values (@model, @alias, @number, @now)
        on conflict (model, alias) do update set number = excluded.number, updated_ms = excluded.updated_ms
        """,
        c => c.With("model", model).With("alias", alias).With("number", number).With("now", nowMs),
        cancel);

    /// <returns>0 when there was none.</returns>
    public static Task<int> DeleteAliasAsync(DbSession session, string model, string alias, CancellationToken cancel) =>
        session.ExecuteAsync(
            "delete from model_aliases where model = @model and alias = @alias",
            c => c.With("model", model).With("alias", alias),
            cancel);

    /// <param name="models">At most a page of them.</param>
    public static async Task<List<RegisteredModel>> WithDetailAsync(
        DbSession session, List<RegisteredModel> models, CancellationToken cancel)
    {
        if (models.Count == 0)
        {
            return models;
        }

        var names = new NameList(models.Select(model => model.Name));
        var tags = await session.QueryAsync(
            $"select model, key, value from registered_model_tags where model in ({names}) order by key",
            names.BindTo,
            row => (Model: row.GetString(0), Key: row.GetString(1), Value: row.GetString(2)),
            cancel);
        var aliases = await session.QueryAsync(
            $"select model, alias, number from model_aliases where model in ({names}) order by alias",
            names.BindTo,
            row => (Model: row.GetString(0), Alias: row.GetString(1), Number: row.GetInt32(2)),
            cancel);
        var (tagsOf, aliasesOf) = (tags.ToLookup(t => t.Model), aliases.ToLookup(a => a.Model));
        return
        [
            .. models.Select(model => model with
            {
                Tags = tagsOf[model.Name].ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal),
                Aliases = aliasesOf[model.Name].ToDictionary(a => a.Alias, a => a.Number, StringComparer.Ordinal),
            }),
        ];
    }

    internal static RegisteredModel Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetString(4), row.GetInt64(5),
        new Dictionary<string, string>(), new Dictionary<string, int>())
    {
        Project = row.GetString(6),
        Governed = row.GetInt32(7) == 1,
        Promoters = EnumName.Parse<Role>(row.GetString(8), "role"),
    };
}
