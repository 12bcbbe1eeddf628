using System.Data.Common;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Registry;

/// <summary>Registered models, their tags and their aliases.</summary>
internal static class ModelStore
{
    private const string Columns = "name, description, owner, created_ms, created_by, updated_ms";

    /// <returns>0 when the name is taken.</returns>
    public static Task<int> InsertAsync(DbSession session, RegisteredModel model, CancellationToken cancel) => session.ExecuteAsync(
        $"""
        insert into registered_models ({Columns}, last_number) values (@name, @description, @owner, @at, @by, @at, 0)
        on conflict (name) do nothing
        """,
        c => c.With("name", model.Name).With("description", model.Description).With("owner", model.Owner)
            .With("at", model.CreatedMs).With("by", model.CreatedBy),
        cancel);

    /// <summary>Locks the model until the transaction ends.</summary>
    /// <returns>The number of its last version, or null when there is no such model.</returns>
    public static Task<int?> TakeAsync(DbSession session, string name, long nowMs, CancellationToken cancel) =>
        session.FirstAsync<int?>(
            "update registered_models set updated_ms = @now where name = @name returning last_number",
            c => c.With("name", name).With("now", nowMs),
            row => row.GetInt32(0),
            cancel);

    public static Task CountAsync(DbSession session, string name, int number, CancellationToken cancel) => session.ExecuteAsync(
        "update registered_models set last_number = @number where name = @name",
        c => c.With("name", name).With("number", number),
        cancel);

    public static async Task<RegisteredModel?> FindAsync(DbSession session, string name, CancellationToken cancel) =>
        await session.FirstAsync<RegisteredModel>(
            $"select {Columns} from registered_models where name = @name", c => c.With("name", name), Read, cancel) is { } model
            ? (await WithDetailAsync(session, [model], cancel))[0]
            : null;

    /// <summary>By name, in byte order.</summary>
    public static async Task<List<RegisteredModel>> ListAsync(DbSession session, string after, int max, CancellationToken cancel)
    {
        var models = await session.QueryAsync(
            $"select {Columns} from registered_models where name > @after order by name limit @max",
            c => c.With("after", after).With("max", max),
            Read,
            cancel);
        return models.Count == 0 ? models : await WithDetailAsync(session, models, cancel);
    }

    public static Task PutTagAsync(DbSession session, string model, string key, string value, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into registered_model_tags (model, key, value) values (@model, @key, @value)
            on conflict (model, key) do update set value = excluded.value
            """,
            c => c.With("model", model).With("key", key).With("value", value),
            cancel);

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

    /// <param name="models">Neighbours in the order of names, so their tags and aliases are one range.</param>
    private static async Task<List<RegisteredModel>> WithDetailAsync(
        DbSession session, List<RegisteredModel> models, CancellationToken cancel)
    {
        Action<DbParameters> range = c => c.With("first", models[0].Name).With("last", models[^1].Name);
        var tags = await session.QueryAsync(
            "select model, key, value from registered_model_tags where model >= @first and model <= @last order by key",
            range,
            row => (Model: row.GetString(0), Key: row.GetString(1), Value: row.GetString(2)),
            cancel);
        var aliases = await session.QueryAsync(
            "select model, alias, number from model_aliases where model >= @first and model <= @last order by alias",
            range,
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

    private static RegisteredModel Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetString(4), row.GetInt64(5),
        new Dictionary<string, string>(), new Dictionary<string, int>());
}
