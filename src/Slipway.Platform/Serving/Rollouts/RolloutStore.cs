using System.Data.Common;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Serving.Predictions;

namespace Slipway.Platform.Serving.Rollouts;

/// <summary>A prediction of the canary's endpoint whose outcome has become known.</summary>
internal readonly record struct Observation(string Id, long Revision, VariantRole Role, double Score, bool Label, double Outcome);

/// <summary>What one arm of one revision was given.</summary>
internal sealed record ArmTraffic(long Revision, VariantRole Role, long Predictions, long Units, long Failures);

internal static class RolloutStore
{
    private const string Columns =
        "id, endpoint, model, champion, challenger, plan, approval_id, state, evidence, reason, actor, cause, started_ms, finished_ms";

    public static Task InsertAsync(DbSession session, Rollout rollout, CancellationToken cancel) => session.ExecuteAsync(
        $"""
        insert into rollouts ({Columns})
        values (@id, @endpoint, @model, @champion, @challenger, @plan, cast(@approval as text), @state, @evidence, @reason, @actor, @cause,
          @started, null)
        """,
        c => c.With("id", rollout.Id).With("endpoint", rollout.Endpoint).With("model", rollout.Model).With("champion", rollout.Champion)
            .With("challenger", rollout.Challenger).With("plan", Json.Write(rollout.Plan)).With("approval", rollout.ApprovalId)
            .With("state", EnumName.Of(rollout.State)).With("evidence", Json.Write(rollout.Evidence)).With("reason", rollout.Reason)
            .With("actor", rollout.Actor).With("cause", rollout.Cause).With("started", rollout.StartedMs),
        cancel);

    public static Task UpdateAsync(DbSession session, Rollout rollout, CancellationToken cancel) => session.ExecuteAsync(
        """
        update rollouts set state = @state, evidence = @evidence, reason = @reason, finished_ms = cast(@finished as bigint)
        where id = @id
        """,
        c => c.With("state", EnumName.Of(rollout.State)).With("evidence", Json.Write(rollout.Evidence)).With("reason", rollout.Reason)
            .With("finished", rollout.FinishedMs).With("id", rollout.Id),
        cancel);

    public static Task<Rollout?> FindAsync(DbSession session, string id, CancellationToken cancel) => session.FirstAsync<Rollout>(
        $"select {Columns} from rollouts where id = @id", c => c.With("id", id), Read, cancel);

    /// <summary>Of one endpoint, newest first.</summary>
    public static Task<List<Rollout>> ListAsync(DbSession session, string endpoint, int limit, CancellationToken cancel) => session.QueryAsync(
        $"select {Columns} from rollouts where endpoint = @endpoint order by id desc limit @limit",
        c => c.With("endpoint", endpoint).With("limit", limit),
        Read,
        cancel);

    public static Task<List<string>> RunningEndpointsAsync(DbSession session, CancellationToken cancel) => session.QueryAsync(
        "select endpoint from rollouts where state = 'running' order by endpoint", null, row => row.GetString(0), cancel);

    public static Task QueueAsync(DbSession session, IReadOnlyCollection<string> predictionIds, long nowMs, CancellationToken cancel)
    {
        var given = session.Engine == DbEngine.Postgres ? "unnest(@ids) as given(value)" : "json_each(@ids) where true";
        return session.ExecuteAsync(
            $"""
            insert into uncounted_outcomes (prediction_id, received_ms) select value, @now from {given}
            on conflict (prediction_id) do nothing
            """,
            c => c.With("ids", Array(session.Engine, predictionIds)).With("now", nowMs),
            cancel);
    }

    /// <summary>Takes outcomes off the queue whose prediction is in the endpoint's log; the others wait for theirs.</summary>
    public static async Task<List<Observation>> DequeueAsync(DbSession session, string endpoint, int limit, CancellationToken cancel)
    {
        var observations = await session.QueryAsync(
            """
            select p.id, p.revision, p.role, p.score, p.label, o.value
            from uncounted_outcomes q join predictions p on p.id = q.prediction_id join outcomes o on o.prediction_id = q.prediction_id
            where p.endpoint = @endpoint
            order by q.received_ms, q.prediction_id limit @limit
            """,
            c => c.With("endpoint", endpoint).With("limit", limit),
            row => new Observation(
                row.GetString(0), row.GetInt64(1), PredictionStore.RoleOf(row.GetString(2)), row.GetDouble(3), row.GetBoolean(4), row.GetDouble(5)),
            cancel);
        var given = session.Engine == DbEngine.Postgres ? "select unnest(@ids)" : "select value from json_each(@ids)";
        await session.ExecuteAsync(
            $"delete from uncounted_outcomes where prediction_id in ({given})",
            c => c.With("ids", Array(session.Engine, [.. observations.Select(o => o.Id)])),
            cancel);
        return observations;
    }

    public static Task<List<ArmTraffic>> TrafficAsync(DbSession session, string endpoint, long firstRevision, CancellationToken cancel) =>
        session.QueryAsync(
            """
            select revision, role, predictions, units, failures from traffic_counts
            where endpoint = @endpoint and revision >= @first
            """,
            c => c.With("endpoint", endpoint).With("first", firstRevision),
            row => new ArmTraffic(row.GetInt64(0), PredictionStore.RoleOf(row.GetString(1)), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)),
            cancel);

    /// <summary>Stores the end and forgets what only a running canary needs.</summary>
    public static async Task EndAsync(DbSession session, Rollout rollout, CancellationToken cancel)
    {
        var endpoint = rollout.Endpoint;
        await UpdateAsync(session, rollout, cancel);
        await session.ExecuteAsync("delete from traffic_keys where endpoint = @endpoint", c => c.With("endpoint", endpoint), cancel);
        await session.ExecuteAsync(
            """
            delete from uncounted_outcomes where exists (
              select 1 from predictions p where p.id = uncounted_outcomes.prediction_id and p.endpoint = @endpoint)
            """,
            c => c.With("endpoint", endpoint),
            cancel);
    }

    private static object Array(DbEngine engine, IReadOnlyCollection<string> values) =>
        engine == DbEngine.Postgres ? values.ToArray() : Json.Write(values);

    private static Rollout Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), Json.Read<CanaryPlan>(row.GetString(5)),
        row.Text(6), EnumName.Parse<RolloutState>(row.GetString(7), "state of a rollout"), Json.Read<StepEvidence[]>(row.GetString(8)),
        row.GetString(9), row.GetString(10), row.GetString(11), row.GetInt64(12), row.Long(13));
}
