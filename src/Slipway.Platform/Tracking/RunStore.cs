using System.Data.Common;
using System.Globalization;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

internal static class RunStore
{
    public const string Columns =
        "id, experiment_id, name, status, start_ms, end_ms, parent_id, actor, environment, user_id, artifact_uri, deleted_ms";

    /// <returns>0 when the experiment has a run of this request key.</returns>
    public static Task<int> InsertAsync(DbSession session, Run run, string? requestKey, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into runs (id, experiment_id, name, status, start_ms, parent_id, actor, request_key, environment, user_id, artifact_uri)
            select @id, @experiment, @name, @status, @start, cast(@parent as text), @actor, cast(@key as text),
              cast(@environment as text), cast(@user as text), artifact_location || '/' || @id || '/artifacts'
            from experiments where id = @experiment
            on conflict (experiment_id, request_key) where request_key is not null do nothing
            """,
            c => c.With("id", run.Id).With("experiment", run.ExperimentId).With("name", run.Name)
                .With("status", EnumName.Of(run.Status)).With("user", run.UserId == run.Actor ? null : run.UserId).With("start", run.StartMs).With("parent", run.ParentId)
                .With("actor", run.Actor).With("key", requestKey)
                .With("environment", run.Environment is null ? null : Json.Write(run.Environment)),
            cancel);

    public static Task<Run?> FindAsync(DbSession session, string id, CancellationToken cancel) => session.FirstAsync<Run>(
        $"select {Columns} from runs where id = @id", c => c.With("id", id), Read, cancel);

    /// <summary>In any order, without those that do not exist.</summary>
    public static Task<List<Run>> FindAsync(DbSession session, string[] ids, CancellationToken cancel) => session.QueryAsync(
        $"select {Columns} from runs where id {ValueSet.In(session, "ids")}", c => c.With("ids", ValueSet.Of(session, ids)), Read, cancel);

    /// <summary>
    /// Keeps others from reading and then writing what hangs on it until the transaction ends, and lets them log into it
    /// meanwhile; SQLite has one writer anyway.
    /// </summary>
    public static Task LockAsync(DbSession session, string id, CancellationToken cancel) => session.Engine == DbEngine.Sqlite
        ? Task.CompletedTask
        : session.ExecuteAsync("select 1 from runs where id = @id for no key update", c => c.With("id", id), cancel);

    public static Task<Run?> FindRequestAsync(DbSession session, long experimentId, string key, CancellationToken cancel) =>
        session.FirstAsync<Run>(
            $"select {Columns} from runs where experiment_id = @experiment and request_key = @key",
            c => c.With("experiment", experimentId).With("key", key),
            Read,
            cancel);

    /// <returns>0 when it is not running.</returns>
    public static Task<int> FinishAsync(DbSession session, string id, RunStatus status, long endMs, CancellationToken cancel) =>
        session.ExecuteAsync(
            "update runs set status = @status, end_ms = @end where id = @id and status = 'running'",
            c => c.With("id", id).With("status", EnumName.Of(status)).With("end", endMs),
            cancel);

    /// <summary>Sets what is not null.</summary>
    public static Task UpdateAsync(DbSession session, string id, RunChange change, CancellationToken cancel) => session.ExecuteAsync(
        """
        update runs set name = coalesce(cast(@name as text), name), status = coalesce(cast(@status as text), status),
          end_ms = coalesce(cast(@end as bigint), end_ms)
        where id = @id
        """,
        c => c.With("id", id).With("name", change.Name).With("status", change.Status is { } status ? EnumName.Of(status) : null)
            .With("end", change.EndMs),
        cancel);

    /// <summary>Makes name and parent follow their tags; a parent that does not exist is none.</summary>
    public static async Task MirrorTagsAsync(
        DbSession session, string id, IReadOnlyDictionary<string, string> tags, CancellationToken cancel)
    {
        if (tags.TryGetValue(RunTags.Name, out var name))
        {
            await session.ExecuteAsync(
                "update runs set name = @name where id = @id", c => c.With("id", id).With("name", name), cancel);
        }

        if (tags.TryGetValue(RunTags.Parent, out var parent))
        {
            await session.ExecuteAsync(
                "update runs set parent_id = (select p.id from runs p where p.id = @parent) where id = @id",
                c => c.With("id", id).With("parent", parent),
                cancel);
        }
    }

    public static Task SetDeletedAsync(DbSession session, string id, long? atMs, CancellationToken cancel) => session.ExecuteAsync(
        "update runs set deleted_ms = cast(@at as bigint), with_experiment = 0 where id = @id",
        c => c.With("id", id).With("at", atMs),
        cancel);

    /// <returns>0 when there is none of this key.</returns>
    public static Task<int> RemoveTagAsync(DbSession session, string run, string key, CancellationToken cancel) => session.ExecuteAsync(
        "delete from run_tags where run_id = @run and key = @key", c => c.With("run", run).With("key", key), cancel);

    public static Task<string?> FindTagAsync(DbSession session, string run, string key, CancellationToken cancel) => session.FirstAsync<string>(
        "select value from run_tags where run_id = @run and key = @key",
        c => c.With("run", run).With("key", key),
        row => row.GetString(0),
        cancel);

    public static Task PutTagsAsync(
        DbSession session, string run, IReadOnlyDictionary<string, string> pairs, CancellationToken cancel) => WritePairsAsync(
        session,
        """
        insert into run_tags (run_id, key, value) select @run, key, value from json_each(@pairs) where true
        on conflict (run_id, key) do update set value = excluded.value
        """,
        """
        insert into run_tags (run_id, key, value) select @run, p.key, p.value from unnest(@keys, @values) as p (key, value)
        on conflict (run_id, key) do update set value = excluded.value
        """,
        run,
        pairs,
        cancel);

    /// <summary>Sorted, so that two writers of the same keys lock them in the same order.</summary>
    private static Task<int> WritePairsAsync(
        DbSession session, string sqlite, string postgres, string run, IReadOnlyDictionary<string, string> pairs,
        CancellationToken cancel)
    {
        var sorted = pairs.OrderBy(p => p.Key, StringComparer.Ordinal).ToList();
        return session.Engine == DbEngine.Sqlite
            ? session.ExecuteAsync(sqlite, c => c.With("run", run).With("pairs", Json.Write(pairs)), cancel)
            : session.ExecuteAsync(
                postgres,
                c => c.With("run", run).With("keys", sorted.Select(p => p.Key).ToArray())
                    .With("values", sorted.Select(p => p.Value).ToArray()),
                cancel);
    }

    public static Run Read(DbDataReader row) => Read(row, 0);

    /// <param name="at">Of the first of <see cref="Columns"/> in the row.</param>
    public static Run Read(DbDataReader row, int at)
    {
        var (id, experiment, actor) = (row.GetString(at), row.GetInt64(at + 1), row.GetString(at + 7));
        return new Run(
            id, experiment, row.GetString(at + 2), EnumName.Parse<RunStatus>(row.GetString(at + 3), "status"), row.GetInt64(at + 4),
            row.Long(at + 5), row.Text(at + 6), actor, row.Text(at + 8) is { } environment ? Json.Read<RunEnvironment>(environment) : null,
            row.Text(at + 9) ?? actor, row.Text(at + 10) ?? DefaultArtifactUri(experiment, id),
            row.IsDBNull(at + 11) ? Lifecycle.Active : Lifecycle.Deleted);
    }

    /// <summary>Of a run whose experiment keeps its files in the server's own store.</summary>
    private static string DefaultArtifactUri(long experiment, string id) =>
        string.Create(CultureInfo.InvariantCulture, $"mlflow-artifacts:/{experiment}/{id}/artifacts");
}
