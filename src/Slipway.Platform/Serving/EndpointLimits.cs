using System.ComponentModel.DataAnnotations;
using Slipway.Core.Errors;
using Slipway.Inference;

namespace Slipway.Platform.Serving;

/// <summary>How much an endpoint takes on before it refuses: what it lets wait, how long, and what one caller may ask.</summary>
public sealed record EndpointLimits
{
    /// <summary>Requests that may wait for one version of the model.</summary>
    [Range(0, 1_000_000)]
    public int MaxQueue { get; init; } = 1024;

    /// <summary>Milliseconds from a request's arrival at the model to its answer; a request may ask for less.</summary>
    [Range(1, 3_600_000)]
    public int TimeoutMs { get; init; } = 60_000;

    /// <summary>Requests of one caller at a time; null for any number.</summary>
    [Range(1, 1_000_000)]
    public int? MaxConcurrent { get; init; }

    /// <summary>Requests that one caller may make a second, on average; null for any number.</summary>
    [Range(0.001, 1_000_000)]
    public double? RequestsPerSecond { get; init; }

    /// <summary>Requests that one caller may make at once before the average counts; a second's worth, at least one, when null.</summary>
    [Range(1, 1_000_000)]
    public int? Burst { get; init; }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the limit that is out of its range.</exception>
    internal void Check(string endpoint)
    {
        Limit.Range($"limits.maxQueue of endpoint '{endpoint}'", MaxQueue, 0, 1_000_000);
        Limit.Range($"limits.timeoutMs of endpoint '{endpoint}'", TimeoutMs, 1, 3_600_000);
        Limit.Range($"limits.maxConcurrent of endpoint '{endpoint}'", MaxConcurrent ?? 1, 1, 1_000_000);
        Limit.Range($"limits.burst of endpoint '{endpoint}'", Burst ?? 1, 1, 1_000_000);
        if (RequestsPerSecond is not (null or (>= 0.001 and <= 1_000_000)))
        {
            throw SlipwayException.Invalid($"limits.requestsPerSecond of endpoint '{endpoint}' is 0.001 to 1000000; got {RequestsPerSecond}.");
        }
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the setting that is out of its range.</exception>
    internal static void Check(string endpoint, BatchingOptions batching)
    {
        Limit.Range($"batching.maxBatchSize of endpoint '{endpoint}'", batching.MaxBatchSize, 1, ModelStatistics.MaxBatchSize);
        if (batching.MaxDelayMs is not (>= 0 and <= 1000))
        {
            throw SlipwayException.Invalid($"batching.maxDelayMs of endpoint '{endpoint}' is 0 to 1000; got {batching.MaxDelayMs}.");
        }
    }
}
