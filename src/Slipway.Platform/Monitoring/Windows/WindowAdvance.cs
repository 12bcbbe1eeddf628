using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Serving.Predictions;

namespace Slipway.Platform.Monitoring;

/// <summary>
/// Closes windows and judges them, in the order of event time, each in one transaction with everything that follows from it:
/// results, alerts, messages and triggers. A crash loses nothing and repeats nothing, for the cursor moves in the same transaction.
/// </summary>
internal sealed class WindowAdvance(
    Db db, PredictionReader predictions, ReferenceLibrary references, AlertBook alerts, RetrainTrigger trigger, TimeProvider time)
{
    private const long MostWindows = 20_000;
    private const long Hour = 3_600_000_000;

    private static readonly AdvanceResult Nothing = new(0, 0, 0, 0, 0, []);

    public async Task<AdvanceResult> AdvanceAsync(MonitorDefinition monitor, long watermarkUs, CancellationToken cancel)
    {
        await StartAsync(monitor, watermarkUs, cancel);
        var done = Nothing;
        while (await StepAsync(monitor.Endpoint, watermarkUs, cancel) is { } step)
        {
            done = new(
                done.Closed + step.Closed, done.Judged + step.Judged, done.Restated + step.Restated, done.Opened + step.Opened,
                done.Resolved + step.Resolved, [.. done.Triggered, .. step.Triggered]);
        }

        return done;
    }

    /// <summary>Does what is due first.</summary>
    /// <returns>Null when nothing is due.</returns>
    internal async Task<AdvanceResult?> StepAsync(string endpoint, long watermarkUs, CancellationToken cancel)
    {
        var (row, cursors, look) = await db.ReadAsync(
            async session => (
                await MonitorStore.FindAsync(session, endpoint, cancel),
                await MonitorStore.CursorsAsync(session, endpoint, cancel),
                await WindowStore.DueAsync(session, endpoint, watermarkUs, cancel)),
            cancel);
        var closing = cursors.Where(c => row!.Definition.Windows.Contains(c.Key) && c.Value + c.Key.Microseconds <= watermarkUs)
            .Select(c => (Window: c.Key, StartUs: c.Value, EndUs: c.Value + c.Key.Microseconds))
            .OrderBy(c => c.EndUs).ThenBy(c => c.Window.Microseconds).ToList();
        if (closing.Count > 0 && (look is null || closing[0].EndUs <= look.LookUs))
        {
            return await CloseAsync(row!, closing[0].Window, closing[0].StartUs, cancel);
        }

        return look is null ? null : await JudgeAsync(row!.Definition, look, watermarkUs, cancel);
    }

    /// <summary>Places the cursors of windows that are new, at the first prediction or where the definition says.</summary>
    private async Task StartAsync(MonitorDefinition monitor, long watermarkUs, CancellationToken cancel)
    {
        var cursors = await db.ReadAsync(s => MonitorStore.CursorsAsync(s, monitor.Endpoint, cancel), cancel);
        var missing = monitor.Windows.Where(w => !cursors.ContainsKey(w)).ToList();
        if (missing.Count > 0 && await FirstTimeAsync(monitor, cancel) is { } first)
        {
            missing.ForEach(window => cursors[window] = window.StartOf(first));
        }

        foreach (var (window, start) in cursors.Where(c => (watermarkUs - c.Value) / c.Key.Microseconds > MostWindows))
        {
            var windows = (watermarkUs - start) / window.Microseconds;
            throw SlipwayException.Invalid(
                $"Advancing '{monitor.Endpoint}' so far closes {windows} windows of {window}; the limit is {MostWindows}. Is the watermark right?");
        }

        foreach (var window in missing.Where(cursors.ContainsKey))
        {
            await db.WriteAsync(s => MonitorStore.StartCursorAsync(s, monitor.Endpoint, window, cursors[window], cancel), cancel);
        }
    }

    private async Task<long?> FirstTimeAsync(MonitorDefinition monitor, CancellationToken cancel) => monitor.From is { } from
        ? Microseconds.From(from)
        : (await predictions.CountsAsync(monitor.Endpoint, cancel)).FirstUs;

    private async Task<AdvanceResult> CloseAsync(MonitorRow row, WindowLength window, long startUs, CancellationToken cancel)
    {
        var monitor = row.Definition;
        var log = await predictions.WindowAsync(monitor.Endpoint, startUs, startUs + window.Microseconds, cancel);
        var reference = await references.FindAsync(monitor.Endpoint, row.ReferenceVersion, cancel);
        var report = WindowReport.Of(monitor, window, startUs, log, reference, Now());
        return await db.WriteAsync(
            async session =>
            {
                await MonitorStore.LockAsync(session, monitor.Endpoint, cancel);
                if (await MonitorStore.MoveCursorAsync(session, monitor.Endpoint, window, startUs, cancel) == 0)
                {
                    return Nothing;
                }

                await WindowStore.InsertAsync(session, report.Window, report.Window.EndUs + Us(monitor.Grace), cancel);
                await ResultStore.PutDriftAsync(session, monitor.Endpoint, report.Drift, cancel);
                await WindowStore.PutVerdictsAsync(session, monitor.Endpoint, window, startUs, report.Verdicts, cancel);
                var history = await VerdictHistory.ReadAsync(session, monitor, window, startUs, cancel);
                var (opened, resolved) = await alerts.ReviewAsync(
                    session, monitor, row.ReferenceVersion, history, report.Verdicts, cancel);
                var asked = await trigger.ReviewAsync(session, monitor, history, FindingKind.DatasetDrift, cancel);
                return new AdvanceResult(1, 0, 0, opened, resolved, asked is null ? [] : [asked]);
            },
            cancel);
    }

    private async Task<AdvanceResult> JudgeAsync(MonitorDefinition monitor, DueJudgement due, long watermarkUs, CancellationToken cancel)
    {
        var endUs = due.StartUs + due.Window.Microseconds;
        var log = await predictions.WindowAsync(monitor.Endpoint, due.StartUs, endUs, cancel);
        var reference = await references.FindAsync(monitor.Endpoint, due.Reference, cancel);
        var report = QualityReport.Of(monitor, due.Window, due.StartUs, log, reference, due.Judgements + 1, Now());
        return await db.WriteAsync(
            async session =>
            {
                await MonitorStore.LockAsync(session, monitor.Endpoint, cancel);
                var next = NextLook(monitor, endUs, watermarkUs, report.Labelled == report.Predictions);
                if (await WindowStore.JudgeAsync(
                    session, monitor.Endpoint, due, report.Labelled, report.Performance, Now(), next, cancel) == 0)
                {
                    return Nothing;
                }

                var changed = due.Judgements == 0 || due.Labelled != report.Labelled || await DiffersAsync(session, monitor, report, cancel);
                return changed ? await StateAsync(session, monitor, due, report, cancel) : Nothing with { Judged = 1 };
            },
            cancel);
    }

    /// <summary>An outcome that was replaced leaves the count as it was and the metrics not.</summary>
    private static async Task<bool> DiffersAsync(
        DbSession session, MonitorDefinition monitor, QualityReport report, CancellationToken cancel)
    {
        var (all, stored) = (report.Results[0], await ResultStore.MetricsAsync(
            session, monitor.Endpoint, report.Results[0].Window, report.Results[0].StartUs, cancel));
        return stored != (all.Metrics is null ? null : Json.Write(all.Metrics));
    }

    private async Task<AdvanceResult> StateAsync(
        DbSession session, MonitorDefinition monitor, DueJudgement due, QualityReport report, CancellationToken cancel)
    {
        await ResultStore.PutQualityAsync(session, monitor.Endpoint, report.Results, cancel);
        await ResultStore.PutDriftAsync(session, monitor.Endpoint, report.Label is null ? [] : [report.Label], cancel);
        await WindowStore.PutVerdictsAsync(session, monitor.Endpoint, due.Window, due.StartUs, report.Verdicts, cancel);

        // A restated window may not be the newest: the rules always look at what is newest, with the past as it is known now.
        var newest = await WindowStore.NewestJudgedAsync(session, monitor.Endpoint, due.Window, cancel) ?? due.StartUs;
        var history = await VerdictHistory.ReadAsync(session, monitor, due.Window, newest, cancel);
        var (opened, resolved) = await alerts.ReviewAsync(session, monitor, due.Reference, history, report.Verdicts, cancel);
        var asked = await trigger.ReviewAsync(session, monitor, history, FindingKind.Performance, cancel);
        return new(0, 1, due.Judgements > 0 ? 1 : 0, opened, resolved, asked is null ? [] : [asked]);
    }

    /// <summary>
    /// The first of grace, 2·grace, 4·grace, … after the window's end that is still to come; for a window whose outcomes are all
    /// known, the end of the time in which they may be restated.
    /// </summary>
    /// <returns>Null when that is over.</returns>
    private static long? NextLook(MonitorDefinition monitor, long endUs, long watermarkUs, bool complete)
    {
        var last = Us(monitor.RestateFor);
        var after = complete ? last : Math.Max(Us(monitor.Grace), Hour);
        while (after > 0 && after <= last && endUs + after <= watermarkUs)
        {
            after *= 2;
        }

        return after <= last ? endUs + after : null;
    }

    private static long Us(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
