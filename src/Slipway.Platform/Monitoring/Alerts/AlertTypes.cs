namespace Slipway.Platform.Monitoring;

public enum FindingKind
{
    /// <summary>One feature, the scores or the outcomes drifted.</summary>
    Drift,

    /// <summary>A large enough share of the features drifted.</summary>
    DatasetDrift,

    /// <summary>A quality metric is degraded.</summary>
    Performance,

    /// <summary>Fewer predictions than expected.</summary>
    MissingData,
}

public enum Severity
{
    Info,
    Warning,
    Critical,
}

/// <summary>Which findings become alerts, and when they are over.</summary>
/// <param name="Name">Unique in the monitor; part of what makes an alert the same alert.</param>
/// <param name="On">Each feature or metric it finds has an alert of its own.</param>
/// <param name="ResolveAfter">Clean windows in a row after which an open alert is resolved.</param>
public sealed record AlertRule(
    string Name, FindingKind On, WindowLength Window, Severity Severity, string? Owner, Streak Streak, int ResolveAfter = 2)
{
    /// <summary>Drift and too little data as warnings, performance as critical, each from the first window on.</summary>
    public static IReadOnlyList<AlertRule> Defaults(WindowLength window) =>
    [
        new("drift", FindingKind.Drift, window, Severity.Warning, null, new()),
        new("performance", FindingKind.Performance, window, Severity.Critical, null, new()),
        new("missing-data", FindingKind.MissingData, window, Severity.Warning, null, new()),
    ];
}

/// <param name="Url">HTTP or HTTPS.</param>
/// <param name="Secret">Name of the secret it is signed with; see <see cref="MonitoringOptions.WebhookSecrets"/>.</param>
public sealed record WebhookReceiver(string Url, string Secret);

public enum AlertState
{
    Open,

    /// <summary>Somebody has seen it; it is still going on.</summary>
    Acknowledged,

    Resolved,
}

/// <summary>Something that is or was wrong. While it goes on there is one alert per endpoint, rule and subject.</summary>
/// <param name="Subject">The feature, <c>$score</c>, <c>$label</c> or the metric; empty for the endpoint as a whole.</param>
/// <param name="Windows">How many windows showed it.</param>
/// <param name="LastValue">Its size in the last of them: the effect of a drift, the value of a metric, a count of rows.</param>
/// <param name="ModelVersion">The version that windows were compared with when it opened.</param>
public sealed record Alert(
    string Id, string Endpoint, string Rule, FindingKind Kind, string Subject, WindowLength Window, Severity Severity, string? Owner,
    AlertState State, long FirstWindowUs, long LastWindowUs, int Windows, double? LastValue, string Reason, string? ModelVersion,
    long OpenedMs, string? AcknowledgedBy, long? AcknowledgedMs, long? ResolvedMs);
