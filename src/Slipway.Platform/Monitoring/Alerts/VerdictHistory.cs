using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Monitoring;

/// <summary>What the last windows of one length said, up to and including the one that starts at <see cref="AnchorUs"/>.</summary>
internal sealed class VerdictHistory
{
    private readonly Dictionary<(FindingKind, string, long), Verdict> verdicts;

    private VerdictHistory(WindowLength window, long anchorUs, Dictionary<(FindingKind, string, long), Verdict> verdicts)
    {
        Window = window;
        AnchorUs = anchorUs;
        this.verdicts = verdicts;
    }

    public WindowLength Window { get; }

    public long AnchorUs { get; }

    public static async Task<VerdictHistory> ReadAsync(
        DbSession session, MonitorDefinition monitor, WindowLength window, long anchorUs, CancellationToken cancel)
    {
        var depth = monitor.Alerts.Where(rule => rule.Window == window)
            .Select(rule => Math.Max(rule.Streak.Of, rule.ResolveAfter))
            .Append(monitor.Trigger is { } trigger && trigger.Window == window ? trigger.Streak.Of : 0)
            .Max();
        var rows = depth == 0 ? [] : await WindowStore.VerdictsAsync(
            session, monitor.Endpoint, window, anchorUs - (depth * window.Microseconds), anchorUs, cancel);
        return new(window, anchorUs, rows.ToDictionary(r => (r.Verdict.Kind, r.Verdict.Subject, r.StartUs), r => r.Verdict));
    }

    /// <summary>What the newest window says; null when it says nothing about it.</summary>
    public Verdict? Newest(FindingKind kind, string subject) => verdicts.GetValueOrDefault((kind, subject, AnchorUs));

    /// <summary>Newest first, of the last n windows.</summary>
    public IEnumerable<Finding> Last(FindingKind kind, string subject, int n) => Enumerable.Range(0, n)
        .Select(i => verdicts.GetValueOrDefault((kind, subject, AnchorUs - (i * Window.Microseconds)))?.Finding ?? Finding.Unknown);

    /// <summary>The subjects of this kind that the newest window speaks of, in a fixed order.</summary>
    public IReadOnlyList<Verdict> Subjects(FindingKind kind) =>
    [
        .. verdicts.Where(v => v.Key.Item1 == kind && v.Key.Item3 == AnchorUs).Select(v => v.Value)
            .OrderBy(v => v.Subject, StringComparer.Ordinal),
    ];

    /// <summary>The condition holds: the newest window is bad, and enough of the last ones are.</summary>
    public bool Holds(FindingKind kind, string subject, Streak streak) =>
        Newest(kind, subject)?.Finding == Finding.Bad && Last(kind, subject, streak.Of).Count(f => f == Finding.Bad) >= streak.Bad;
}
