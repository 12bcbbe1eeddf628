namespace Slipway.Commands.Reproduce;

internal enum Verdict
{
    Same,
    Differs,

    /// <summary>The run, or this machine, does not say.</summary>
    Unknown,
}

/// <summary>One thing that decides whether a run comes out the same.</summary>
/// <param name="What">Such as <c>commit</c> or <c>dataset flights</c>.</param>
/// <param name="Recorded">As the run has it.</param>
/// <param name="Here">As it is now.</param>
/// <param name="Advice">What to do, or why it cannot be said.</param>
internal sealed record Finding(string What, string? Recorded, string? Here, Verdict Verdict, string? Advice = null)
{
    /// <summary>Unknown where either side is.</summary>
    public static Finding Of(string what, string? recorded, string? here, string? advice = null) => new(
        what,
        recorded,
        here,
        recorded is null || here is null ? Verdict.Unknown : recorded == here ? Verdict.Same : Verdict.Differs,
        recorded is null ? "the run does not say" : here is null || recorded != here ? advice : null);
}

/// <summary>What it takes to make a run again, what differs here, and, when it was made again, what came out.</summary>
/// <param name="Folder">Where the command is to be started, absolute.</param>
internal sealed record ReproductionReport(string RunId, string? Command, string Folder, IReadOnlyList<Finding> Findings, Rerun? Rerun)
{
    public bool Differs => Findings.Concat(Rerun?.Findings ?? []).Any(finding => finding.Verdict == Verdict.Differs)
        || Rerun is { ExitCode: not 0 };
}

/// <param name="RunId">The new run.</param>
/// <param name="ExitCode">Of the command.</param>
/// <param name="Findings">Metrics, params and packages of the two runs.</param>
internal sealed record Rerun(string RunId, int ExitCode, IReadOnlyList<Finding> Findings);
