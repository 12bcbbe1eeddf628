using System.Data.Common;
using System.Globalization;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>Where a page of runs ended.</summary>
internal sealed record RunPosition(long StartMs, string Id);

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

    /// <summary>Newest first, after the run at the given position.</summary>
    /// <param name="projects">Null for all.</param>
    public static Task<List<Run>> SearchAsync(
        DbSession session, RunQuery query, string[]? projects, RunPosition after, CancellationToken cancel) => session.QueryAsync(
        $"""
        select {Columns} from runs where experiment_id {ValueSet.In(session, "experiments")} and (start_ms, id) < (@start, @id)
          {ViewSql(query.View)}
          {(projects is null ? "" : $"and experiment_id in (select e.id from experiments e where e.project {ValueSet.In(session, "projects")})")}
        order by start_ms desc, id desc limit @max
        """,
        c =>
        {
            c.With("experiments", ValueSet.Of(session, query.ExperimentIds.ToArray())).With("start", after.StartMs).With("id", after.Id)
                .With("max", query.Limit + 1);
            _ = projects is null ? c : c.With("projects", ValueSet.Of(session, projects));
        },
        Read,
        cancel);

    private static string ViewSql(RunView view) => view switch
    {
        RunView.Active => "and deleted_ms is null",
        RunView.Deleted => "and deleted_ms is not null",
        _ => "",
    };

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

    public static Task<List<(string Run, string Key, string Value)>> ParamsAsync(
        DbSession session, string[] runs, CancellationToken cancel) => session.QueryAsync(
        $"select run_id, key, value from run_params where run_id {RunSet.Sql(session)} order by key", RunSet.Bind(session, runs), ReadPair, cancel);

    public static Task<List<(string Run, string Key, string Value)>> TagsAsync(
        DbSession session, string[] runs, CancellationToken cancel) => session.QueryAsync(
        $"select run_id, key, value from run_tags where run_id {RunSet.Sql(session)} order by key", RunSet.Bind(session, runs), ReadPair, cancel);

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

    public static Run Read(DbDataReader row)
    {
        var (id, experiment, actor) = (row.GetString(0), row.GetInt64(1), row.GetString(7));
        return new Run(
            id, experiment, row.GetString(2), EnumName.Parse<RunStatus>(row.GetString(3), "status"), row.GetInt64(4), row.Long(5),
            row.Text(6), actor, row.Text(8) is { } environment ? Json.Read<RunEnvironment>(environment) : null, row.Text(9) ?? actor,
            row.Text(10) ?? DefaultArtifactUri(experiment, id), row.IsDBNull(11) ? Lifecycle.Active : Lifecycle.Deleted);
    }

    /// <summary>Of a run whose experiment keeps its files in the server's own store.</summary>
    private static string DefaultArtifactUri(long experiment, string id) =>
        string.Create(CultureInfo.InvariantCulture, $"mlflow-artifacts:/{experiment}/{id}/artifacts");
}
