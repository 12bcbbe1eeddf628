using System.ComponentModel.DataAnnotations;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Jobs;

public enum JobState
{
    Queued,
    Running,
    Succeeded,

    /// <summary>Dead letter: it failed for good and waits for a person.</summary>
    Dead,
}

/// <summary>One piece of durable work: it runs at least once, until its handler returns or its attempts are used up.</summary>
/// <param name="Kind">Names the handler, as <c>module.verb</c>.</param>
/// <param name="Payload">JSON, read by the handler.</param>
/// <param name="DedupeKey">While a job of this kind with this key exists, in any state, another is not enqueued.</param>
/// <param name="RunAtMs">Not before this time, milliseconds since the epoch.</param>
public sealed record Job(
    string Id, string Kind, string Payload, JobState State, string? DedupeKey, long RunAtMs, int Attempts, int MaxAttempts,
    string? LastError, string? Result, long CreatedMs, long? FinishedMs);

/// <summary>Runs jobs of one kind. May run twice for one job after a crash, so its effect must be idempotent.</summary>
/// <returns>A JSON result kept with the job, or null.</returns>
/// <exception cref="SlipwayException">
/// <see cref="ErrorKind.Invalid"/>, NotFound and FailedPrecondition end the job as dead at once; anything else is retried.
/// </exception>
public delegate Task<string?> JobHandler(Job job, CancellationToken cancel);

/// <summary>The handler of a kind, registered by the module that owns it.</summary>
public sealed record JobKind(string Kind, JobHandler Handler);

/// <summary>Work that is enqueued whenever its cron expression says so.</summary>
/// <param name="Cron">Five fields, or six with seconds first.</param>
/// <param name="TimeZone">An IANA name such as <c>Europe/Berlin</c>; a skipped local time runs at the next valid one.</param>
public sealed record Schedule(
    string Name, string Cron, string TimeZone, string Kind, string Payload, long NextRunMs, long? LastRunMs, bool Enabled);

public sealed record JobOptions
{
    /// <summary>How many jobs run at once in this process.</summary>
    [Range(1, 256)]
    public int Workers { get; init; } = 4;

    /// <summary>How long a claim holds without a heartbeat; a dead server's jobs run again after it.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the queue is looked at when nothing wakes the worker.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The wait before the second attempt; it doubles each time, up to five minutes.</summary>
    public TimeSpan RetryBase { get; init; } = TimeSpan.FromSeconds(1);

    [Range(1, 100)]
    public int MaxAttempts { get; init; } = 5;
}
