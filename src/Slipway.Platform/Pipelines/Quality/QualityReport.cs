namespace Slipway.Platform.Pipelines.Quality;

public enum FindingKind
{
    /// <summary>Rows were set aside.</summary>
    Quarantined,

    /// <summary>The dataset as a whole is odd; nothing was set aside.</summary>
    Warning,
}

/// <param name="Rule">Such as <c>delay.range</c>, <c>unique(date, origin)</c> or <c>volume</c>.</param>
/// <param name="Count">Rows set aside by this rule, or days that break it. A row that breaks two rules counts for both.</param>
/// <param name="Example">One offending value, as text.</param>
public sealed record QualityFinding(string Rule, FindingKind Kind, long Count, string Message, string? Example);

/// <summary>What was found in a dataset. Rows = Accepted + Quarantined, always.</summary>
public sealed record QualityReport(
    string Dataset, string Source, long Rows, long Accepted, long Quarantined, IReadOnlyList<QualityFinding> Findings);
