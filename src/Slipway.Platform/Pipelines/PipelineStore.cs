using System.Data.Common;
using System.Text.Json.Nodes;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Pipelines;

internal static class PipelineStore
{
    private const string RunColumns = "id, pipeline, definition, parameters, cause, state, error, created_ms, finished_ms";
    private const string StepColumns = "name, state, attempts, cache_key, inputs, outputs, error, log, started_ms, finished_ms";

    public static Task<int> PutAsync(DbSession session, PipelineDefinition definition, long nowMs, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into pipelines (name, definition, updated_ms) values (@name, @definition, @now)
            on conflict (name) do update set definition = excluded.definition, updated_ms = excluded.updated_ms
            """,
            c => c.With("name", definition.Name).With("definition", Json.Write(definition)).With("now", nowMs),
            cancel);

    public static Task<PipelineDefinition?> FindAsync(DbSession session, string name, CancellationToken cancel) =>
        session.FirstAsync<PipelineDefinition>(
            "select definition from pipelines where name = @name",
            c => c.With("name", name),
            row => Json.Read<PipelineDefinition>(row.GetString(0)),
            cancel);

    public static Task<List<PipelineDefinition>> ListAsync(DbSession session, CancellationToken cancel) => session.QueryAsync(
        "select definition from pipelines order by name", null, row => Json.Read<PipelineDefinition>(row.GetString(0)), cancel);

    /// <returns>0 when the pipeline has run for this cause already.</returns>
    public static async Task<int> InsertRunAsync(DbSession session, PipelineRun run, CancellationToken cancel)
    {
        var added = await session.ExecuteAsync(
            """
            insert into pipeline_runs (id, pipeline, definition, parameters, cause, state, created_ms)
            values (@id, @pipeline, @definition, @parameters, @cause, 'running', @created) on conflict do nothing
            """,
            c => c.With("id", run.Id).With("pipeline", run.Pipeline).With("definition", Json.Write(run.Definition))
                .With("parameters", run.Parameters.ToJsonString()).With("cause", run.Cause).With("created", run.CreatedMs),
            cancel);
        for (var i = 0; added > 0 && i < run.Definition.Steps.Count; i++)
        {
            var (position, name) = (i, run.Definition.Steps[i].Name);
            await session.ExecuteAsync(
                "insert into pipeline_steps (run_id, name, position, state, attempts) values (@run, @name, @position, 'pending', 0)",
                c => c.With("run", run.Id).With("name", name).With("position", position),
                cancel);
        }

        return added;
    }

    public static async Task<PipelineRun?> FindRunAsync(DbSession session, string id, CancellationToken cancel)
    {
        var run = await session.FirstAsync<PipelineRun>(
            $"select {RunColumns} from pipeline_runs where id = @id", c => c.With("id", id), ReadRun, cancel);
        return run is null ? null : run with { Steps = await StepsAsync(session, id, cancel) };
    }

    public static Task<string?> FindByCauseAsync(DbSession session, string pipeline, string cause, CancellationToken cancel) =>
        session.FirstAsync(
            "select id from pipeline_runs where pipeline = @pipeline and cause = @cause",
            c => c.With("pipeline", pipeline).With("cause", cause),
            row => row.GetString(0),
            cancel);

    /// <summary>Newest first, without their steps.</summary>
    public static Task<List<PipelineRun>> ListRunsAsync(
        DbSession session, string? pipeline, PipelineState? state, string? after, int limit, CancellationToken cancel) => session.QueryAsync(
        $"""
        select {RunColumns} from pipeline_runs
        where (cast(@pipeline as text) is null or pipeline = @pipeline) and (cast(@state as text) is null or state = @state)
          and (cast(@after as text) is null or id < @after)
        order by id desc limit @limit
        """,
        c => c.With("pipeline", pipeline).With("state", state is { } s ? Name(s) : null).With("after", after).With("limit", limit),
        ReadRun,
        cancel);

    public static Task<int> SetRunAsync(
        DbSession session, string id, PipelineState state, string? error, long? finishedMs, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            update pipeline_runs set state = @state, error = cast(@error as text), finished_ms = cast(@finished as bigint) where id = @id
            """,
            c => c.With("id", id).With("state", Name(state)).With("error", error).With("finished", finishedMs),
            cancel);

    public static Task<int> SetStepAsync(DbSession session, string runId, StepRun step, CancellationToken cancel) => session.ExecuteAsync(
        """
        update pipeline_steps set state = @state, attempts = @attempts, cache_key = cast(@key as text), inputs = cast(@inputs as text),
          outputs = cast(@outputs as text), error = cast(@error as text), log = cast(@log as text),
          started_ms = cast(@started as bigint), finished_ms = cast(@finished as bigint)
        where run_id = @run and name = @name
        """,
        c => c.With("run", runId).With("name", step.Name).With("state", Name(step.State)).With("attempts", step.Attempts)
            .With("key", step.CacheKey).With("inputs", step.Inputs?.ToJsonString()).With("outputs", step.Outputs?.ToJsonString())
            .With("error", step.Error).With("log", step.Log).With("started", step.StartedMs).With("finished", step.FinishedMs),
        cancel);

    /// <summary>The outputs of the latest step that succeeded with this key.</summary>
    public static Task<JsonObject?> CachedAsync(DbSession session, string key, CancellationToken cancel) => session.FirstAsync<JsonObject>(
        "select outputs from pipeline_steps where cache_key = @key and state = 'succeeded' order by finished_ms desc limit 1",
        c => c.With("key", key),
        row => Object(row, 0)!,
        cancel);

    private static Task<List<StepRun>> StepsAsync(DbSession session, string runId, CancellationToken cancel) => session.QueryAsync(
        $"select {StepColumns} from pipeline_steps where run_id = @run order by position", c => c.With("run", runId), ReadStep, cancel);

    private static string Name<T>(T state)
        where T : struct, Enum => state.ToString().ToLowerInvariant();

    private static JsonObject? Object(DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : (JsonObject?)JsonNode.Parse(row.GetString(column));

    private static PipelineRun ReadRun(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), Json.Read<PipelineDefinition>(row.GetString(2)), Object(row, 3)!, row.GetString(4),
        Enum.Parse<PipelineState>(row.GetString(5), ignoreCase: true), row.Text(6), row.GetInt64(7), row.Long(8), []);

    private static StepRun ReadStep(DbDataReader row) => new(
        row.GetString(0), Enum.Parse<StepState>(row.GetString(1), ignoreCase: true), row.GetInt32(2), row.Text(3), Object(row, 4),
        Object(row, 5), row.Text(6), row.Text(7), row.Long(8), row.Long(9));
}
