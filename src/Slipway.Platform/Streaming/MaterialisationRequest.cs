using Slipway.Platform.Features.Offline;
using Slipway.Platform.Foundation.Jobs;

namespace Slipway.Platform.Streaming;

/// <param name="Views">Null for all that have a file as their source.</param>
/// <param name="Mode">Default: <see cref="MaterialisationMode.Range"/> with <paramref name="From"/>, else incremental.</param>
/// <param name="From">Inclusive.</param>
/// <param name="To">Inclusive. Default: when the request is made.</param>
public sealed record MaterialisationRequest(
    IReadOnlyList<string>? Views = null, MaterialisationMode? Mode = null, DateTimeOffset? From = null, DateTimeOffset? To = null);

/// <summary>A materialisation that goes on by itself, whenever its cron expression says so.</summary>
/// <param name="Cron">Five fields, or six with seconds first.</param>
/// <param name="TimeZone">An IANA name.</param>
public sealed record MaterialisationSchedule(string Cron, string TimeZone = "UTC", IReadOnlyList<string>? Views = null);

/// <param name="Error">Why the last attempt failed; a run that is queued tries again.</param>
public sealed record MaterialisationStatus(string Id, JobState State, string? Error, IReadOnlyList<ViewProgressReport> Views);

/// <param name="Done">Share of the view's entities that is written, 0 to 1.</param>
/// <param name="Rows">Entities written so far.</param>
/// <param name="Violations">Where rows are not what the view expects; known at the end, null where there are none.</param>
public sealed record ViewProgressReport(
    string View, DateTimeOffset? From, DateTimeOffset To, double Done, long Rows, bool Finished, IReadOnlyList<ExpectationViolation>? Violations);

/// <param name="Watermark">All that the source held up to this event time is online. Null before the first materialisation.</param>
/// <param name="LagSeconds">How far the watermark is behind the present.</param>
public sealed record ViewFreshness(string View, DateTimeOffset? Watermark, double? LagSeconds);
