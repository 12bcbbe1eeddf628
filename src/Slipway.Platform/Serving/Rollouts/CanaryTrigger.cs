using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;

namespace Slipway.Platform.Serving.Rollouts;

/// <summary>Asks for a canary to be evaluated soon, at most once a second per endpoint, in the transaction that brought the news.</summary>
internal sealed class CanaryTrigger(JobService jobs, TimeProvider time)
{
    public const string JobKind = "serving.canary";

    public Task EnqueueAsync(DbSession session, string endpoint, CancellationToken cancel)
    {
        // Every news of this second shares one job, which runs a second after it ends: by then their transactions have committed.
        var second = time.GetUtcNow().ToUnixTimeSeconds();
        return jobs.EnqueueAsync(
            session, JobKind, new CanaryOrder(endpoint), cancel, $"{endpoint}@{second}", DateTimeOffset.FromUnixTimeSeconds(second + 2));
    }

    /// <summary>Tells pipelines that wait for the verdict, which lie above this module, by their job.</summary>
    public Task EndedAsync(DbSession session, Rollout rollout, CancellationToken cancel) =>
        jobs.EnqueueAsync(session, "pipelines.resume", new { canary = rollout.Id }, cancel);

    public sealed record CanaryOrder(string Endpoint);
}
