namespace Slipway.Platform.Serving.Scoring;

/// <summary>Rows of files to be scored by a model, and the folder that gets their scores.</summary>
/// <param name="Input">A Parquet, CSV (<c>.csv</c>, <c>.csv.gz</c>) or JSON lines (<c>.jsonl</c>, <c>.ndjson</c>, also <c>.gz</c>) file, or a folder of
/// such files, which are taken in the order of their names.</param>
/// <param name="Output">A folder that does not exist, is empty, or holds a part of these very scores.</param>
public sealed record ScoringRequest(string Input, string Output)
{
    public const int DefaultPartRows = 1_000_000;

    /// <summary>Columns that go with the scores; null for all that the model does not take.</summary>
    public IReadOnlyList<string>? Keep { get; init; }

    /// <summary>Rows of a part at most, 1,000 to 100,000,000. A part is scored whole or not at all.</summary>
    public int PartRows { get; init; } = DefaultPartRows;

    /// <summary>The label is true from this probability on.</summary>
    public double Threshold { get; init; } = 0.5;

    /// <summary>Whether what the folder holds of other scores is deleted first.</summary>
    public bool Overwrite { get; init; }
}

/// <summary>How far a scoring is.</summary>
/// <param name="Parts">Those that are written, in this run and before it.</param>
/// <param name="Rows">Of those parts, rows set aside included.</param>
/// <param name="Left">Estimated from the rows that this run has scored so far; null before the first part is written.</param>
public sealed record ScoringProgress(int Parts, int AllParts, long Rows, long AllRows, TimeSpan? Left);

/// <summary>What a finished scoring gave.</summary>
/// <param name="Rows">Scored.</param>
/// <param name="Rejected">Set aside in the folder <c>_rejected</c>, each with its reason.</param>
/// <param name="Resumed">Parts that an earlier run had written.</param>
/// <param name="MeanProbability">Of the scored rows; null where there are none.</param>
/// <param name="Shadow">How a second model scored the same rows.</param>
public sealed record ScoringSummary(
    string Model, string Version, string Output, int Parts, int Resumed, long Rows, long Rejected, double? MeanProbability,
    ShadowComparison? Shadow = null);

/// <summary>Two models over the rows that both could score.</summary>
/// <param name="MeanDifference">Mean of |p − q|.</param>
/// <param name="LabelsChanged">Share of the rows with another label, 0 to 1.</param>
/// <param name="Correlation">Pearson's, of the two probabilities; null where one of them does not vary.</param>
public sealed record ShadowComparison(
    string Model, string Version, long Rows, double MeanDifference, double MaxDifference, double LabelsChanged, double? Correlation);
