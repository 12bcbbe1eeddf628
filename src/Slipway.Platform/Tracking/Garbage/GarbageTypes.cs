using System.ComponentModel.DataAnnotations;

namespace Slipway.Platform.Tracking.Garbage;

public enum GarbageKind
{
    /// <summary>A run that was deleted, with its history and artifacts.</summary>
    Run,

    /// <summary>A logged model that was deleted, with its artifacts.</summary>
    LoggedModel,

    /// <summary>An experiment that was deleted and is empty; its name is free again.</summary>
    Experiment,

    /// <summary>Artifacts whose run or logged model is gone.</summary>
    Artifacts,

    /// <summary>A file that is named by its content and that nothing names.</summary>
    Blob,

    /// <summary>Uploads that nobody finished.</summary>
    Uploads,

    /// <summary>Jobs that succeeded long ago.</summary>
    Jobs,
}

/// <param name="OlderThan">How long ago something must have been deleted.</param>
/// <param name="DryRun">Looks and tells, and removes nothing.</param>
public sealed record GarbageRequest(TimeSpan OlderThan, bool DryRun = false);

/// <param name="Name">Its id, key or name.</param>
/// <param name="Count">How many there are of it; 1 but for what is counted together.</param>
/// <param name="Bytes">Of files.</param>
public sealed record GarbageItem(GarbageKind Kind, string Name, long Count, long Bytes);

/// <param name="Reason">Why it was left although it was deleted long enough ago.</param>
public sealed record KeptItem(GarbageKind Kind, string Name, string Reason);

/// <param name="Items">What was removed, or would be.</param>
/// <param name="Bytes">Of files, that are free now or would be.</param>
public sealed record GarbageReport(bool DryRun, IReadOnlyList<GarbageItem> Items, IReadOnlyList<KeptItem> Kept, long Bytes);

public sealed record GarbageOptions
{
    /// <summary>How long what was deleted can be restored before the nightly collection takes it; null keeps it for ever.</summary>
    public TimeSpan? Retention { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How young a file or an upload that nothing names must be to count as being worked on.</summary>
    public TimeSpan OrphanAge { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How long succeeded jobs can be looked at.</summary>
    public TimeSpan JobAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>When the nightly collection runs, in UTC.</summary>
    [Required]
    public string Cron { get; init; } = "41 3 * * *";
}

/// <summary>
/// What a higher module still needs: a query whose first column is text that holds ids of runs and logged models, alone or
/// within a URI or JSON. Those are kept although they were deleted.
/// </summary>
/// <param name="Reason">To be read after the id, such as <c>a registered model version came from it</c>.</param>
public sealed record ArtifactHold(string Sql, string Reason);
