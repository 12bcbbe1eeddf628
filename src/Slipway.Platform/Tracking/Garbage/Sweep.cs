namespace Slipway.Platform.Tracking.Garbage;

/// <summary>One collection while it goes on.</summary>
/// <param name="before">What was deleted before is taken.</param>
/// <param name="orphansBefore">What nothing names is taken when it is older.</param>
internal sealed class Sweep(DateTimeOffset before, DateTimeOffset orphansBefore, bool dryRun)
{
    private readonly List<GarbageItem> items = [];
    private readonly List<KeptItem> kept = [];

    public DateTimeOffset Before => before;

    public long BeforeMs { get; } = before.ToUnixTimeMilliseconds();

    public DateTimeOffset OrphansBefore => orphansBefore;

    public bool DryRun => dryRun;

    public GarbageReport Report => new(dryRun, items, kept, items.Sum(item => item.Bytes));

    public void Take(GarbageKind kind, string name, long bytes, long count = 1) => items.Add(new(kind, name, count, bytes));

    public void Keep(GarbageKind kind, string name, string reason) => kept.Add(new(kind, name, reason));

    /// <summary>Of a kind, by their names.</summary>
    public HashSet<string> Taken(GarbageKind kind) =>
        items.Where(item => item.Kind == kind).Select(item => item.Name).ToHashSet(StringComparer.Ordinal);
}
