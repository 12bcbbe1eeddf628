using System.Data.Common;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>Where a page of runs ended.</summary>
internal sealed record RunPosition(long StartMs, string Id);

internal static class RunStore
{
    private const string Columns = "id, experiment_id, name, status, start_ms, end_ms, parent_id, actor, environment";

    /// <returns>0 when the experiment has a run of this request key.</returns>
    public static Task<int> InsertAsync(DbSession session, Run run, string? requestKey, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into runs (id, experiment_id, name, status, start_ms, parent_id, actor, request_key, environment)
            values (@id, @experiment, @name, @status, @start, cast(@parent as text), @actor, cast(@key as text),
              cast(@environment as text))
            on conflict (experiment_id, request_key) where request_key is not null do nothing
            """,
            c => c.With("id", run.Id).With("experiment", run.ExperimentId).With("name", run.Name)
                .With("status", EnumName.Of(run.Status)).With("start", run.StartMs).With("parent", run.ParentId)
                .With("actor", run.Actor).With("key", requestKey)
                .With("environment", run.Environment is null ? null : Json.Write(run.Environment)),
            cancel);

    public static Task<Run?> FindAsync(DbSession session, string id, CancellationToken cancel) => session.FirstAsync<Run>(
        $"select {Columns} from runs where id = @id", c => c.With("id", id), Read, cancel);

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

    /// <summary>Newest first, after the run at the given position.</summary>
    public static Task<List<Run>> SearchAsync(
        DbSession session, long experimentId, RunPosition after, int max, CancellationToken cancel) => session.QueryAsync(
        $"""
        select {Columns} from runs where experiment_id = @experiment and (start_ms, id) < (@start, @id)
        order by start_ms desc, id desc limit @max
        """,
        c => c.With("experiment", experimentId).With("start", after.StartMs).With("id", after.Id).With("max", max),
        Read,
        cancel);

    /// <summary>Adds what is not there yet; values that are there stay.</summary>
    public static Task AddParamsAsync(
        DbSession session, string run, IReadOnlyDictionary<string, string> pairs, CancellationToken cancel) => WritePairsAsync(
        session,
        """
        insert into run_params (run_id, key, value) select @run, key, value from json_each(@pairs) where true
        on conflict do nothing
        """,
        """
        insert into run_params (run_id, key, value) select @run, p.key, p.value from unnest(@keys, @values) as p (key, value)
        on conflict do nothing
        """,
        run,
        pairs,
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

    public static Task PutInputAsync(DbSession session, string run, DatasetInput input, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into run_inputs (run_id, name, digest, context, source, row_count)
            values (@run, @name, @digest, @context, @source, cast(@rows as bigint))
            on conflict (run_id, name, digest, context) do update set source = excluded.source, row_count = excluded.row_count
            """,
            c => c.With("run", run).With("name", input.Name).With("digest", input.Digest).With("context", input.Context ?? "")
                .With("source", input.Source).With("rows", input.Rows),
            cancel);

    public static Task<List<(string Run, string Key, string Value)>> ParamsAsync(
        DbSession session, string[] runs, CancellationToken cancel) => session.QueryAsync(
        $"select run_id, key, value from run_params where run_id {RunSet.Sql(session)} order by key", RunSet.Bind(session, runs), ReadPair, cancel);

    public static Task<List<(string Run, string Key, string Value)>> TagsAsync(
        DbSession session, string[] runs, CancellationToken cancel) => session.QueryAsync(
        $"select run_id, key, value from run_tags where run_id {RunSet.Sql(session)} order by key", RunSet.Bind(session, runs), ReadPair, cancel);

    public static Task<List<(string Run, DatasetInput Input)>> InputsAsync(
        DbSession session, string[] runs, CancellationToken cancel) => session.QueryAsync(
        $"""
        select run_id, name, digest, source, row_count, context from run_inputs where run_id {RunSet.Sql(session)}
        order by name, digest, context
        """,
        RunSet.Bind(session, runs),
        row => (row.GetString(0), new DatasetInput(row.GetString(1), row.GetString(2), row.GetString(3), row.Long(4), row.GetString(5))),
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

    private static (string Run, string Key, string Value) ReadPair(DbDataReader row) =>
        (row.GetString(0), row.GetString(1), row.GetString(2));

    private static Run Read(DbDataReader row) => new(
        row.GetString(0), row.GetInt64(1), row.GetString(2), EnumName.Parse<RunStatus>(row.GetString(3), "status"),
        row.GetInt64(4), row.Long(5), row.Text(6), row.GetString(7),
        row.Text(8) is { } environment ? Json.Read<RunEnvironment>(environment) : null);
}
