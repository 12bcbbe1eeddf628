using System.Text.Json;
using System.Text.Json.Serialization;
using Slipway.Client.Http;

namespace Slipway.Client;

/// <summary>Which rows of a view's history are brought online.</summary>
[JsonConverter(typeof(SnakeCase<MaterializationMode>))]
public enum MaterializationMode
{
    /// <summary>Those after the view's watermark.</summary>
    Incremental,

    /// <summary>All of them.</summary>
    Full,

    /// <summary>Those between two times.</summary>
    Range,
}

[JsonConverter(typeof(SnakeCase<MaterializationState>))]
public enum MaterializationState
{
    Queued,
    Running,
    Succeeded,

    /// <summary>It failed for good and waits for a person.</summary>
    Dead,
}

/// <param name="Views">Null for all that have a file as their source.</param>
/// <param name="Mode">Default: <see cref="MaterializationMode.Range"/> with <paramref name="From"/>, else incremental.</param>
/// <param name="From">Inclusive.</param>
/// <param name="To">Inclusive. Default: when the request is made.</param>
public sealed record NewMaterialization(
    IReadOnlyList<string>? Views = null, MaterializationMode? Mode = null, DateTimeOffset? From = null, DateTimeOffset? To = null);

/// <param name="Error">Why the last attempt failed; one that is queued is tried again.</param>
/// <param name="Views">Those that have begun.</param>
public sealed record Materialization(string Id, MaterializationState State, IReadOnlyList<MaterializedView> Views, string? Error = null)
{
    [JsonIgnore]
    public bool HasEnded => State is MaterializationState.Succeeded or MaterializationState.Dead;
}

/// <param name="View">Name and version, as <c>airport_weather@2</c>.</param>
/// <param name="Done">Share of the view's entities that is written, 0 to 1.</param>
/// <param name="Rows">Entities written so far.</param>
/// <param name="Violations">Where rows are not what the view expects; known at the end, null where there are none.</param>
public sealed record MaterializedView(
    string View, DateTimeOffset To, double Done, long Rows, bool Finished, DateTimeOffset? From = null,
    IReadOnlyList<ExpectationViolation>? Violations = null);

[JsonConverter(typeof(SnakeCase<ViolationAction>))]
public enum ViolationAction
{
    /// <summary>The rows are used all the same.</summary>
    Warn,

    /// <summary>The rows are left out.</summary>
    Drop,

    /// <summary>The run is refused.</summary>
    Fail,
}

/// <param name="Rule">Such as <c>temperature.range</c>.</param>
/// <param name="Rows">How many break it, of <paramref name="Of"/>.</param>
/// <param name="Message">The same as a sentence.</param>
public sealed record ExpectationViolation(
    string View, string Rule, ViolationAction OnViolation, long Rows, long Of, string Message, DateTimeOffset? Earliest = null);

/// <param name="Watermark">All that the source held up to this event time is online; null before the first materialization.</param>
public sealed record ViewFreshness(string View, DateTimeOffset? Watermark = null, double? LagSeconds = null);

/// <param name="Cron">Five fields, or six with seconds first.</param>
/// <param name="TimeZone">An IANA name.</param>
public sealed record MaterializationSchedule(string Cron, string TimeZone = "UTC", IReadOnlyList<string>? Views = null);

internal sealed record ErasureBody(string Entity, JsonElement Keys);

/// <param name="Erased">How many entities were named.</param>
/// <param name="Verified">Whether a read of each view after the deletion found none of them.</param>
public sealed record Erasure(string Entity, int Erased, IReadOnlyList<ErasedView> Views, bool Verified);

/// <param name="View">Name and version, as <c>customer_orders@2</c>.</param>
/// <param name="Rows">Online rows that were removed.</param>
public sealed record ErasedView(string View, int Rows);
