namespace Slipway.Platform.Features.Sources;

/// <summary>Which rows of a source a run needs, in the source's own columns: those of other times are left out where that is cheap.</summary>
/// <param name="EventTimestamp">Rows without one stay: an expectation may look for them.</param>
/// <param name="CreatedTimestamp">A row that was written after <paramref name="AfterUs"/> is needed as well; null where there is no such column.</param>
/// <param name="AfterUs">Exclusive, in microseconds since the epoch; null for the beginning.</param>
/// <param name="ToUs">Inclusive.</param>
public sealed record SourceWindow(string EventTimestamp, string? CreatedTimestamp, long? AfterUs, long ToUs);
