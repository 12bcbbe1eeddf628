using Microsoft.Extensions.Logging;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Registry;

namespace Slipway.Platform.Monitoring;

/// <summary>Opens, counts and resolves alerts in the transaction that closes or judges a window.</summary>
internal sealed partial class AlertBook(
    WebhookSender webhooks, LineageService lineage, TimeProvider time, ILogger<AlertBook> log)
{
    private static readonly Actor Monitoring = new("monitoring", Role.Contributor);

    /// <summary>Applies the rules of these kinds to the newest window. Doing so twice changes nothing.</summary>
    public async Task<(int Opened, int Resolved)> ReviewAsync(
        DbSession session, MonitorDefinition monitor, string? modelVersion, VerdictHistory history, IReadOnlyList<Verdict> news,
        CancellationToken cancel)
    {
        var rules = monitor.Alerts.Where(rule => rule.Window == history.Window).ToList();
        if (rules.Count == 0)
        {
            return (0, 0);
        }

        var open = (await AlertStore.UnresolvedAsync(session, monitor.Endpoint, cancel)).ToDictionary(a => (a.Rule, a.Subject));
        var (opened, resolved) = (0, 0);
        foreach (var rule in rules)
        {
            foreach (var verdict in history.Subjects(rule.On).Where(v => news.Any(n => n.Kind == v.Kind && n.Subject == v.Subject)))
            {
                if (!open.TryGetValue((rule.Name, verdict.Subject), out var alert))
                {
                    opened += await OpenAsync(session, monitor, rule, modelVersion, history, verdict, cancel);
                }
                else if (verdict.Finding == Finding.Bad)
                {
                    await AlertStore.TouchAsync(session, alert.Id, history.AnchorUs, verdict.Value, verdict.Reason, cancel);
                }
                else if (history.Last(rule.On, verdict.Subject, rule.ResolveAfter).All(f => f == Finding.Clean))
                {
                    resolved += await ResolveAsync(session, monitor, alert, cancel);
                }
            }
        }

        return (opened, resolved);
    }

    /// <summary>Resolves alerts that no rule of the definition can touch any more.</summary>
    public async Task DropOrphansAsync(DbSession session, MonitorDefinition monitor, CancellationToken cancel)
    {
        foreach (var alert in await AlertStore.UnresolvedAsync(session, monitor.Endpoint, cancel))
        {
            var rule = monitor.Alerts.FirstOrDefault(r => r.Name == alert.Rule && r.On == alert.Kind && r.Window == alert.Window);
            var watched = alert.Kind switch
            {
                FindingKind.Drift => alert.Subject.StartsWith('$') || monitor.Features.Any(f => f.Name == alert.Subject),
                FindingKind.Performance => monitor.Quality.Rules.Any(r => EnumName.Of(r.Metric) == alert.Subject),
                _ => true,
            };
            if (rule is null || !watched)
            {
                await ResolveAsync(session, monitor, alert, cancel);
            }
        }
    }

    private async Task<int> OpenAsync(
        DbSession session, MonitorDefinition monitor, AlertRule rule, string? modelVersion, VerdictHistory history, Verdict verdict,
        CancellationToken cancel)
    {
        if (!history.Holds(rule.On, verdict.Subject, rule.Streak))
        {
            return 0;
        }

        var now = time.GetUtcNow();
        var alert = new Alert(
            Guid.CreateVersion7(now).ToString("N"), monitor.Endpoint, rule.Name, rule.On, verdict.Subject, rule.Window, rule.Severity,
            rule.Owner, AlertState.Open, history.AnchorUs, history.AnchorUs, 1, verdict.Value, verdict.Reason, modelVersion,
            now.ToUnixTimeMilliseconds(), null, null, null);
        if (await AlertStore.OpenAsync(session, alert, cancel) == 0)
        {
            return 0;
        }

        await lineage.AddAsync(
            session, Monitoring, LineageNode.Endpoint(alert.Endpoint), LineageNode.Alert(alert.Id), "raised", cancel);
        await webhooks.EnqueueAsync(session, monitor, "alert.opened", alert, cancel);
        session.OnCommitted(() => LogOpened(alert.Endpoint, alert.Rule, alert.Subject, alert.Reason));
        return 1;
    }

    private async Task<int> ResolveAsync(DbSession session, MonitorDefinition monitor, Alert alert, CancellationToken cancel)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (await AlertStore.ResolveAsync(session, alert.Id, now, cancel) == 0)
        {
            return 0;
        }

        await webhooks.EnqueueAsync(session, monitor, "alert.resolved", alert with { State = AlertState.Resolved, ResolvedMs = now }, cancel);
        return 1;
    }

    [LoggerMessage(5001, LogLevel.Warning, "Alert {Rule} of endpoint {Endpoint} on '{Subject}': {Reason}")]
    private partial void LogOpened(string endpoint, string rule, string subject, string reason);
}
