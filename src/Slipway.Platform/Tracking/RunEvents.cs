using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;

namespace Slipway.Platform.Tracking;

/// <summary>What happened to a run that others may want to know.</summary>
public enum RunEventKind
{
    Started,
    Ended,

    /// <summary>It read a dataset.</summary>
    Linked,

    /// <summary>A model version was made of it.</summary>
    Registered,
}

/// <param name="Status">As it was then.</param>
/// <param name="AtMs">When, milliseconds since the epoch, UTC.</param>
/// <param name="Datasets">What it read, when it is linked.</param>
public sealed record RunEvent(
    string RunId, RunEventKind Kind, RunStatus Status, long AtMs, IReadOnlyList<DatasetInput>? Datasets = null);

/// <summary>A job that a module above asks to be enqueued with a <see cref="RunEvent"/> as its payload.</summary>
/// <param name="Job">The kind of job.</param>
/// <param name="Kinds">What it wants to hear of.</param>
public sealed record RunSubscription(string Job, params IReadOnlyList<RunEventKind> Kinds);

/// <summary>Tells subscribers about runs by a job in the transaction of the change: they hear of what happened, and of nothing else.</summary>
public sealed class RunEvents(JobService jobs, IEnumerable<RunSubscription> subscriptions, TimeProvider time)
{
    private readonly RunSubscription[] subscriptions = [.. subscriptions];

    /// <summary>Hearing of the same thing again is left out: the key says what it is.</summary>
    public async Task PublishAsync(DbSession session, RunEvent happened, string? key, CancellationToken cancel)
    {
        foreach (var subscription in subscriptions.Where(s => s.Kinds.Contains(happened.Kind)))
        {
            await jobs.EnqueueAsync(session, subscription.Job, happened, cancel, key is null ? null : $"{happened.RunId}/{key}");
        }
    }

    public Task StartedAsync(DbSession session, Run run, CancellationToken cancel) =>
        PublishAsync(session, new RunEvent(run.Id, RunEventKind.Started, run.Status, run.StartMs), "started", cancel);

    public Task EndedAsync(DbSession session, Run run, CancellationToken cancel)
    {
        var at = run.EndMs ?? time.GetUtcNow().ToUnixTimeMilliseconds();
        return PublishAsync(session, new RunEvent(run.Id, RunEventKind.Ended, run.Status, at), $"{EnumName.Of(run.Status)}/{at}", cancel);
    }

    public Task LinkedAsync(DbSession session, Run run, IReadOnlyList<DatasetInput> datasets, CancellationToken cancel) => PublishAsync(
        session, new RunEvent(run.Id, RunEventKind.Linked, run.Status, time.GetUtcNow().ToUnixTimeMilliseconds(), datasets), null, cancel);

    public async Task RegisteredAsync(DbSession session, string runId, string version, CancellationToken cancel)
    {
        if (await RunStore.FindAsync(session, runId, cancel) is { } run)
        {
            await PublishAsync(
                session, new RunEvent(runId, RunEventKind.Registered, run.Status, time.GetUtcNow().ToUnixTimeMilliseconds()), version, cancel);
        }
    }
}
