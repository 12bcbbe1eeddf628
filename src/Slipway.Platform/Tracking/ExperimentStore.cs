using System.Data.Common;
using System.Globalization;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

internal static class ExperimentStore
{
    public const string Columns = "id, name, project, deleted_ms, artifact_location, created_ms, created_by, updated_ms";

    public const int ColumnCount = 8;

    /// <summary>Locks the counter until the transaction ends, so two creations at once follow each other.</summary>
    public static Task<long> TakeNumberAsync(DbSession session, CancellationToken cancel) => session.FirstAsync(
        "update experiment_numbers set next_number = next_number + 1 where id = 1 returning next_number - 1",
        null,
        row => row.GetInt64(0),
        cancel);

    /// <param name="location">Null for the default one.</param>
    /// <returns>0 when the name is taken.</returns>
    public static Task<int> InsertAsync(DbSession session, Experiment experiment, string? location, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into experiments (id, name, project, artifact_location, created_ms, created_by, updated_ms)
            values (@id, @name, @project, cast(@location as text), @at, @by, @at) on conflict (name) do nothing
            """,
            c => c.With("id", experiment.Id).With("name", experiment.Name).With("project", experiment.Project)
                .With("location", location).With("at", experiment.CreatedMs).With("by", experiment.CreatedBy),
            cancel);

    public static Task<Experiment?> FindAsync(DbSession session, long id, CancellationToken cancel) => OneAsync(
        session, $"select {Columns} from experiments where id = @id", c => c.With("id", id), cancel);

    public static Task<Experiment?> FindAsync(DbSession session, string name, CancellationToken cancel) => OneAsync(
        session, $"select {Columns} from experiments where name = @name", c => c.With("name", name), cancel);

    /// <summary>The same as <see cref="FindAsync(DbSession, long, CancellationToken)"/>, locked until the transaction ends.</summary>
    public static Task<Experiment?> TakeAsync(DbSession session, long id, CancellationToken cancel) => OneAsync(
        session, $"update experiments set id = id where id = @id returning {Columns}", c => c.With("id", id), cancel);

    public static Task ChangeAsync(DbSession session, long id, string name, string project, long atMs, CancellationToken cancel) =>
        session.ExecuteAsync(
            "update experiments set name = @name, project = @project, updated_ms = @at where id = @id",
            c => c.With("id", id).With("name", name).With("project", project).With("at", atMs),
            cancel);

    /// <summary>Deletes it and those of its runs that are active.</summary>
    public static async Task DeleteAsync(DbSession session, long id, long atMs, CancellationToken cancel)
    {
        await session.ExecuteAsync(
            "update experiments set deleted_ms = @at, updated_ms = @at where id = @id",
            c => c.With("id", id).With("at", atMs),
            cancel);
        await session.ExecuteAsync(
            "update runs set deleted_ms = @at, with_experiment = 1 where experiment_id = @id and deleted_ms is null",
            c => c.With("id", id).With("at", atMs),
            cancel);
    }

    /// <summary>Brings it back, and the runs that were deleted with it.</summary>
    public static async Task RestoreAsync(DbSession session, long id, long atMs, CancellationToken cancel)
    {
        await session.ExecuteAsync(
            "update experiments set deleted_ms = null, updated_ms = @at where id = @id",
            c => c.With("id", id).With("at", atMs),
            cancel);
        await session.ExecuteAsync(
            "update runs set deleted_ms = null, with_experiment = 0 where experiment_id = @id and with_experiment = 1",
            c => c.With("id", id),
            cancel);
    }

    public static Task PutTagAsync(DbSession session, long id, string key, string value, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into experiment_tags (experiment_id, key, value) values (@id, @key, @value)
            on conflict (experiment_id, key) do update set value = excluded.value
            """,
            c => c.With("id", id).With("key", key).With("value", value),
            cancel);

    /// <returns>0 when there is none of this key.</returns>
    public static Task<int> RemoveTagAsync(DbSession session, long id, string key, CancellationToken cancel) =>
        session.ExecuteAsync(
            "delete from experiment_tags where experiment_id = @id and key = @key", c => c.With("id", id).With("key", key), cancel);

    public static async Task<List<Experiment>> WithTagsAsync(DbSession session, List<Experiment> rows, CancellationToken cancel)
    {
        if (rows.Count == 0)
        {
            return rows;
        }

        var tags = await session.QueryAsync(
            $"select experiment_id, key, value from experiment_tags where experiment_id {ValueSet.In(session, "ids")} order by key",
            c => c.With("ids", ValueSet.Of(session, rows.Select(row => row.Id).ToArray())),
            row => (Id: row.GetInt64(0), Key: row.GetString(1), Value: row.GetString(2)),
            cancel);
        var byId = tags.ToLookup(tag => tag.Id);
        return
        [
            .. rows.Select(row => row with { Tags = byId[row.Id].ToDictionary(tag => tag.Key, tag => tag.Value, StringComparer.Ordinal) }),
        ];
    }

    /// <returns>Without its tags.</returns>
    public static Experiment Read(DbDataReader row)
    {
        var id = row.GetInt64(0);
        return new Experiment(
            id, row.GetString(1), row.GetString(2), row.IsDBNull(3) ? Lifecycle.Active : Lifecycle.Deleted,
            row.Text(4) ?? string.Create(CultureInfo.InvariantCulture, $"mlflow-artifacts:/{id}"), row.GetInt64(5), row.GetString(6),
            row.GetInt64(7), new Dictionary<string, string>());
    }

    private static async Task<Experiment?> OneAsync(
        DbSession session, string sql, Action<DbParameters> bind, CancellationToken cancel) =>
        (await WithTagsAsync(session, await session.QueryAsync(sql, bind, Read, cancel), cancel)).FirstOrDefault();
}
