using System.ComponentModel.DataAnnotations;

namespace Slipway.Platform.Serving.Predictions;

/// <summary>What one request adds to the log.</summary>
/// <param name="Revision">Of the endpoint, at the time it chose the versions.</param>
/// <param name="IsCanary">Whether a canary is moving the traffic: it counts each routing key once and waits for news.</param>
internal sealed record LogEntry(
    string Endpoint, long Revision, IReadOnlyList<LoggedPrediction> Predictions, IReadOnlyList<FailedPrediction> Failures, bool IsCanary)
{
    public int Rows => Predictions.Count + Failures.Count;
}

/// <summary>One prediction as it is kept.</summary>
/// <param name="EventTimeUs">When it happened; a replay's own time.</param>
/// <param name="CreatedMs">When it was made.</param>
/// <param name="Features">What the model saw: float32, little-endian, in the order of its signature; NaN where missing.</param>
/// <param name="LatencyUs">From the request's arrival at the service to its scores.</param>
/// <param name="Key">The caller's routing key; null when the id was it.</param>
internal readonly record struct LoggedPrediction(
    string Id, string Version, VariantRole Role, long EventTimeUs, long CreatedMs, double Score, bool Label, byte[] Features,
    long LatencyUs, string? Key);

/// <summary>A row for which a version gave no score.</summary>
internal readonly record struct FailedPrediction(string Id, string Version, VariantRole Role, long CreatedMs, string Reason, string? Key);

public sealed record PredictionLogOptions
{
    /// <summary>Rows that may wait to be written; beyond it an endpoint in <see cref="LogMode.Async"/> drops and counts.</summary>
    [Range(1000, 10_000_000)]
    public int CapacityRows { get; init; } = 200_000;

    /// <summary>Rows of one transaction.</summary>
    [Range(1, 100_000)]
    public int BatchRows { get; init; } = 5_000;

    /// <summary>How long rows that nobody waits for may gather before they are written.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Predictions, failures and outcomes older than this are deleted every night; null keeps them for ever.</summary>
    [Range(1, 36_500)]
    public int? RetentionDays { get; init; }
}

/// <summary>What happened after a prediction.</summary>
/// <param name="Value">The truth: 0 or 1 for a class. Finite.</param>
/// <param name="EventTimeUs">When it became known; now when null.</param>
public sealed record Outcome(string PredictionId, double Value, long? EventTimeUs = null);

/// <param name="Recorded">New.</param>
/// <param name="Unchanged">The same value was there.</param>
/// <param name="Restated">Another value was there and was replaced.</param>
/// <param name="Unmatched">Of all that were given, those whose prediction is not in the log; they join when it arrives.</param>
public sealed record FeedbackReceipt(int Recorded, int Unchanged, int Restated, int Unmatched);

/// <param name="Labelled">Predictions whose outcome is known.</param>
/// <param name="FirstUs">Event time of the earliest prediction; null when there is none.</param>
public sealed record PredictionCounts(long Predictions, long Labelled, long Failures, long? FirstUs, long? LastUs);
