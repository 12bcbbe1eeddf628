using System.ComponentModel.DataAnnotations;

namespace Slipway.Inference;

public enum BatchingMode
{
    /// <summary>Requests share native calls where the model was seen to give every row the same answer, bit by bit, in any company.</summary>
    Auto,

    /// <summary>Requests share native calls wherever the first axes are dynamic; a row's last bits may depend on its company.</summary>
    On,

    /// <summary>Every request has a native call of its own.</summary>
    Off,
}

public sealed record BatchingOptions
{
    public static BatchingOptions Default { get; } = new();

    public BatchingMode Mode { get; init; } = BatchingMode.Auto;

    /// <summary>Rows of one native call that requests share; a larger request has one for itself.</summary>
    [Range(1, ModelStatistics.MaxBatchSize)]
    public int MaxBatchSize { get; init; } = 64;

    /// <summary>Milliseconds after which the next arrival no longer lets a request wait for company while a place is free.</summary>
    [Range(0, 1000)]
    public double MaxDelayMs { get; init; } = 1;

    internal TimeSpan MaxDelay => TimeSpan.FromMilliseconds(MaxDelayMs);
}

/// <summary>How one call of a model waits and runs.</summary>
public sealed record CallOptions
{
    /// <summary>Levels of priority; a larger number counts as this one.</summary>
    public const int MaxPriority = 10;

    /// <summary>The level of a call that names none.</summary>
    public const int DefaultPriority = 5;

    public static CallOptions Default { get; } = new();

    /// <summary>1 goes first, <see cref="MaxPriority"/> last; 0 is <see cref="DefaultPriority"/>.</summary>
    public ulong Priority { get; init; }

    /// <summary>From the arrival to the answer; what runs longer is stopped.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Calls that may wait for the model, ≥ 0.</summary>
    public int MaxQueue { get; init; } = 1024;

    public BatchingOptions Batching { get; init; } = BatchingOptions.Default;
}
