using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;

namespace Slipway.Platform.Serving.Rollouts;

/// <summary>
/// Canaries: a challenger gets a growing share of live traffic and is promoted or rolled back by what its predictions turn out to
/// be worth. All state is in the database and every decision is one transaction, so a server that dies loses nothing.
/// </summary>
public sealed class RolloutService
{
    private const int MaxCauseLength = 5000;

    private readonly Db db;
    private readonly EndpointHost host;
    private readonly CanaryStart start;
    private readonly CanaryEvaluation evaluation;
    private readonly CanaryTrigger trigger;

    internal RolloutService(Db db, EndpointHost host, CanaryStart start, CanaryEvaluation evaluation, CanaryTrigger trigger)
    {
        this.db = db;
        this.host = host;
        this.start = start;
        this.evaluation = evaluation;
        this.trigger = trigger;
    }

    /// <summary>Gives the challenger the first step's share of the endpoint's traffic.</summary>
    /// <param name="challenger">A version of the endpoint's model, by its semantic version, alias or stage.</param>
    /// <param name="cause">What asked for it: an alert, a pipeline run, a person's words.</param>
    /// <param name="approvalId">An approved approval of <c>promote:production</c> for the version; a promotion then moves it to
    /// production, and the alias <c>champion</c> to it, in the registry. Without one a promotion changes the endpoint alone.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when a canary runs already, the version is the
    /// champion, takes other features, or the approval does not hold.</exception>
    public async Task<Rollout> StartAsync(
        string endpoint, string challenger, CanaryPlan plan, Actor actor, string cause, CancellationToken cancel, string? approvalId = null)
    {
        Limit.Text("A canary's cause", cause, MaxCauseLength);
        var rollout = await start.RunAsync(endpoint, challenger, plan.Checked(), actor, cause, approvalId, cancel);
        await host.SyncAsync(endpoint, cancel);
        return rollout;
    }

    /// <summary>Counts the outcomes that are new, each exactly once, and acts on them. May be called at any time and any number of
    /// times; a job calls it after feedback and traffic, unless the plan's clock leaves that to the caller.</summary>
    /// <returns>The canary as it stands, or null when none runs on the endpoint.</returns>
    public async Task<Rollout?> EvaluateAsync(string endpoint, CancellationToken cancel)
    {
        Rollout? latest = null;
        bool more;
        do
        {
            (var rollout, more) = await LookAsync(endpoint, cancel);
            latest = rollout ?? latest;
        }
        while (more);

        await host.SyncAsync(endpoint, cancel);
        return latest;
    }

    /// <summary>The canary that runs on the endpoint, or the last one that did.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> when there was none.</exception>
    public async Task<Rollout> GetAsync(string endpoint, CancellationToken cancel) =>
        (await ListAsync(endpoint, 1, cancel)).FirstOrDefault()
        ?? throw SlipwayException.NotFound($"No canary ran on endpoint '{endpoint}'.");

    /// <summary>Newest first.</summary>
    /// <param name="limit">1 to 1000.</param>
    public Task<List<Rollout>> ListAsync(string endpoint, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of canaries", limit, 1, 1000);
        return db.ReadAsync(session => RolloutStore.ListAsync(session, endpoint, limit, cancel), cancel);
    }

    /// <summary>Queues outcomes for the canaries that run, in the transaction that records them.</summary>
    internal async Task OnOutcomesAsync(
        DbSession session, IReadOnlyCollection<string> predictionIds, DateTimeOffset now, CancellationToken cancel)
    {
        var running = await RolloutStore.RunningEndpointsAsync(session, cancel);
        if (running.Count == 0 || predictionIds.Count == 0)
        {
            return;
        }

        await RolloutStore.QueueAsync(session, predictionIds, now.ToUnixTimeMilliseconds(), cancel);
        foreach (var endpoint in running)
        {
            await trigger.EnqueueAsync(session, endpoint, cancel);
        }
    }

    private async Task<(Rollout? Rollout, bool More)> LookAsync(string endpoint, CancellationToken cancel)
    {
        try
        {
            return await db.WriteAsync(session => evaluation.RunAsync(session, endpoint, cancel), cancel);
        }
        catch (SlipwayException refused) when (refused.Kind is ErrorKind.FailedPrecondition or ErrorKind.Forbidden)
        {
            // The registry refuses the promotion. Nothing was written, the outcomes wait, and the canary says what it waits for.
            return (await db.WriteAsync(session => evaluation.NoteAsync(session, endpoint, refused.Message, cancel), cancel), false);
        }
    }

    internal async Task<string?> RunJobAsync(Job job, CancellationToken cancel)
    {
        var endpoint = Json.Read<CanaryTrigger.CanaryOrder>(job.Payload).Endpoint;
        if ((await ListAsync(endpoint, 1, cancel)).FirstOrDefault()?.Plan.Clock == CanaryClock.Event)
        {
            return null;
        }

        var rollout = await EvaluateAsync(endpoint, cancel);
        return rollout is null ? null : Json.Write(new { rollout.Id, rollout.State, rollout.Step, rollout.Reason });
    }
}
