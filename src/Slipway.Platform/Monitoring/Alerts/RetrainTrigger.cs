using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Registry;

namespace Slipway.Platform.Monitoring;

/// <summary>Asks for a pipeline, in the transaction that found the cause.</summary>
internal sealed class RetrainTrigger(JobService jobs, TimeProvider time)
{
    // The pipelines are a higher module: the job's name and the shape of its payload are all that is known of them here.
    private const string Job = "pipelines.trigger";

    /// <returns>What was asked for, or null.</returns>
    public async Task<TriggerRecord?> ReviewAsync(
        DbSession session, MonitorDefinition monitor, VerdictHistory history, FindingKind kind, CancellationToken cancel)
    {
        if (monitor.Trigger is not { } rule || rule.Window != history.Window || !rule.On.Contains(kind)
            || Cause(history, kind, rule.Streak) is not { } verdict)
        {
            return null;
        }

        var end = history.AnchorUs + history.Window.Microseconds;
        var last = await MonitorStore.LastTriggerAsync(session, monitor.Endpoint, cancel);
        if (last is { } before && end - before < rule.Cooldown.Ticks / TimeSpan.TicksPerMicrosecond)
        {
            return null;
        }

        var now = time.GetUtcNow();
        var cause = $"{(kind == FindingKind.DatasetDrift ? "drift" : "performance")}:{monitor.Endpoint}:{Date(history.AnchorUs)}";
        var record = new TriggerRecord(
            Guid.CreateVersion7(now).ToString("N"), monitor.Endpoint, rule.Pipeline, cause, history.Window, history.AnchorUs, end,
            verdict.Reason, now.ToUnixTimeMilliseconds());
        if (await MonitorStore.AddTriggerAsync(session, record, cancel) == 0)
        {
            return null;
        }

        var parameters = (JsonObject)Fill(rule.Parameters, record)!;
        var because = await BecauseAsync(session, monitor.Endpoint, history, kind, cancel);
        await jobs.EnqueueAsync(session, Job, new PipelineCall(rule.Pipeline, cause, parameters, because), cancel, $"{rule.Pipeline}/{cause}");
        return record;
    }

    /// <summary>A window is bad when any of the kind's subjects is.</summary>
    private static Verdict? Cause(VerdictHistory history, FindingKind kind, Streak streak)
    {
        var bad = history.Subjects(kind).FirstOrDefault(v => v.Finding == Finding.Bad);
        if (bad is null)
        {
            return null;
        }

        var windows = Enumerable.Range(0, streak.Of).Count(i =>
            history.Subjects(kind).Any(v => history.Last(kind, v.Subject, streak.Of).ElementAt(i) == Finding.Bad));
        return windows >= streak.Bad ? bad : null;
    }

    /// <summary>The alerts that this window opened or kept open; the endpoint itself where the rules of alerts wait longer than the trigger.</summary>
    private static async Task<LineageNode[]> BecauseAsync(
        DbSession session, string endpoint, VerdictHistory history, FindingKind kind, CancellationToken cancel)
    {
        var alerts = (await AlertStore.UnresolvedAsync(session, endpoint, cancel))
            .Where(alert => alert.Window == history.Window && alert.LastWindowUs == history.AnchorUs
                && (alert.Kind == kind || (kind == FindingKind.DatasetDrift && alert.Kind == FindingKind.Drift)))
            .Select(alert => LineageNode.Alert(alert.Id))
            .ToArray();
        return alerts.Length > 0 ? alerts : [LineageNode.Endpoint(endpoint)];
    }

    private static JsonNode? Fill(JsonNode? template, TriggerRecord record) => template switch
    {
        JsonObject map => new JsonObject(map.Select(p => KeyValuePair.Create(p.Key, Fill(p.Value, record)))),
        JsonArray list => new JsonArray([.. list.Select(item => Fill(item, record))]),
        JsonValue value when value.TryGetValue<string>(out var text) => text
            .Replace("${window.start}", Time(record.StartUs), StringComparison.Ordinal)
            .Replace("${window.end}", Time(record.EndUs), StringComparison.Ordinal)
            .Replace("${endpoint}", record.Endpoint, StringComparison.Ordinal)
            .Replace("${cause}", record.Cause, StringComparison.Ordinal),
        _ => template?.DeepClone(),
    };

    private static string Time(long timeUs) =>
        Microseconds.ToDateTime(timeUs).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private static string Date(long startUs)
    {
        var start = Microseconds.ToDateTime(startUs);
        return start.ToString(start.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : "yyyy-MM-ddTHH:mmZ", CultureInfo.InvariantCulture);
    }

    private sealed record PipelineCall(string Pipeline, string Cause, JsonObject Parameters, LineageNode[] Because);
}
