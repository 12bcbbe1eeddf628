namespace Slipway.Platform.Features.Offline;

/// <summary>Which rows of a view's history are brought online.</summary>
public enum MaterialisationMode
{
    /// <summary>
    /// Those after the view's watermark, and late ones where rows say when they were written; all of them where there is no
    /// watermark yet.
    /// </summary>
    Incremental,

    /// <summary>All of them.</summary>
    Full,

    /// <summary>Those between two times.</summary>
    Range,
}

/// <param name="FromUs">Microseconds since the epoch, inclusive; null for the beginning. Only with <see cref="MaterialisationMode.Range"/>.</param>
/// <param name="ToUs">Inclusive: a later row is left for the next time.</param>
public sealed record MaterialisationRange(MaterialisationMode Mode, long? FromUs, long ToUs);

/// <summary>How far one view of a run has come.</summary>
/// <param name="Run">The id of the job.</param>
/// <param name="View">Name and version, as <c>airport_weather@2</c>.</param>
/// <param name="Done">Share of the view's entities that is written, 0 to 1.</param>
/// <param name="Rows">Entities written so far.</param>
/// <param name="Violations">What the view expects otherwise of its rows; known at the end.</param>
public sealed record ViewMaterialisation(
    string Run, string View, long? FromUs, long ToUs, double Done, long Rows, bool Finished, IReadOnlyList<ExpectationViolation> Violations);
