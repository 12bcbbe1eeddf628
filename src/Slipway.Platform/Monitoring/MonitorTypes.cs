using System.Text.Json.Nodes;
using Slipway.Core.Statistics;

namespace Slipway.Platform.Monitoring;

/// <summary>What an endpoint is watched for, in windows of the time its predictions are about.</summary>
/// <param name="Features">Inputs of the model that are compared with the reference; the scores always are.</param>
public sealed record MonitorDefinition(string Endpoint, IReadOnlyList<WatchedFeature> Features)
{
    public MonitorClock Clock { get; init; } = MonitorClock.System;

    public IReadOnlyList<WindowLength> Windows { get; init; } = [WindowLength.OneDay, WindowLength.OneWeek];

    /// <summary>The first window is the one that holds this time; null for the one of the first prediction.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>A window with fewer predictions is not tested and counts as missing data. 1 to 1,000,000.</summary>
    public int MinimumRows { get; init; } = 200;

    /// <summary>
    /// How long after a window's end its outcomes are waited for. It is judged then; while outcomes are missing it is judged
    /// again after 2, 4, 8, … times this (one hour at least), up to <see cref="RestateFor"/>.
    /// </summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromDays(1);

    /// <summary>
    /// How long after a window's end outcomes still restate its quality. When it is over even a complete window is judged once
    /// more, for outcomes that were replaced.
    /// </summary>
    public TimeSpan RestateFor { get; init; } = TimeSpan.FromDays(30);

    public DriftPolicy Drift { get; init; } = new();

    public QualityPolicy Quality { get; init; } = new();

    /// <summary>Which findings become alerts; empty for none.</summary>
    public IReadOnlyList<AlertRule> Alerts { get; init; } = AlertRule.Defaults(WindowLength.OneDay);

    public TriggerRule? Trigger { get; init; }

    /// <summary>Who is told when an alert opens or is resolved.</summary>
    public IReadOnlyList<WebhookReceiver> Webhooks { get; init; } = [];
}

public enum MonitorClock
{
    /// <summary>Windows close as time passes.</summary>
    System,

    /// <summary>Windows close when the caller says how far event time has come: for replays and batch scoring.</summary>
    Event,
}

public enum FeatureKind
{
    Numeric,
    Categorical,
}

/// <param name="Windows">
/// The windows it is compared in; null for all. A day holds one weekday only, so a weekday is compared by the week.
/// </param>
public sealed record WatchedFeature(string Name, FeatureKind Kind = FeatureKind.Numeric, IReadOnlyList<WindowLength>? Windows = null);

public sealed record DriftPolicy
{
    public DriftOptions Test { get; init; } = DriftOptions.Default;

    /// <summary>
    /// Where the reference says when its rows happened, a window must also differ from the reference by more than this share of
    /// the reference's own windows did. In (0, 1]; default 0.99, which up to 100 windows is the largest of them.
    /// </summary>
    public double ReferenceQuantile { get; init; } = 0.99;

    /// <summary>The data set drifted when this share of the tested features did, and one at least. 0 to 1.</summary>
    public double DatasetShare { get; init; } = 0.25;
}

public enum QualityMetric
{
    Auc,
    LogLoss,
    Brier,
    Precision,
    Recall,
    Accuracy,
}

/// <summary>A metric is degraded when it is worse than the reference by more than the margin, and chance is ruled out.</summary>
/// <param name="WorseBy">The margin, in the unit of the metric; at least 0.</param>
public sealed record QualityRule(QualityMetric Metric, double WorseBy);

public sealed record QualityPolicy
{
    /// <summary>A score of at least this is predicted positive.</summary>
    public double Threshold { get; init; } = 0.5;

    /// <summary>The chance of a false alarm of one rule in one window, in (0, 0.5).</summary>
    public double Alpha { get; init; } = 0.05;

    /// <summary>A window with fewer outcomes is not judged.</summary>
    public int MinimumOutcomes { get; init; } = 200;

    public IReadOnlyList<QualityRule> Rules { get; init; } = [new(QualityMetric.Auc, 0.03)];
}

/// <summary>A condition on successive windows: at least <paramref name="Bad"/> of the last <paramref name="Of"/>.</summary>
public sealed record Streak(int Bad = 1, int Of = 1);

/// <summary>What starts a pipeline.</summary>
/// <param name="On">Drift of the data set, performance, or either.</param>
/// <param name="Parameters">
/// Given to the pipeline; a string may hold <c>${window.start}</c>, <c>${window.end}</c>, <c>${endpoint}</c> and <c>${cause}</c>.
/// </param>
/// <param name="Cooldown">In the time of the windows: the ends of two windows that trigger are this far apart at least.</param>
public sealed record TriggerRule(
    string Pipeline, IReadOnlyList<FindingKind> On, WindowLength Window, Streak Streak, TimeSpan Cooldown, JsonObject Parameters);

/// <summary>Where a model's reference rows are: a Parquet table of what the model was evaluated on.</summary>
/// <param name="Blob">Its key in the blob store.</param>
/// <param name="Inputs">The columns that are the model's inputs, in the order of its signature.</param>
/// <param name="Score">The column of the model's probability.</param>
/// <param name="Label">The column of what happened: boolean, or a number that is positive from 0.5.</param>
/// <param name="EventTime">The column of when, which teaches the monitor how much windows differ by themselves; or null.</param>
public sealed record ReferenceSource(
    string ModelVersion, string Blob, IReadOnlyList<string> Inputs, string Score = "score", string Label = "label",
    string? EventTime = null);

/// <param name="Reference">The model version that windows are compared with now; null before there is one.</param>
/// <param name="ClosedUntilUs">By window: every window that ends by this event time is closed.</param>
public sealed record EndpointMonitor(
    MonitorDefinition Definition, ReferenceSummary? Reference, IReadOnlyDictionary<string, long> ClosedUntilUs, long UpdatedMs);

/// <param name="Rows">Of the reference table.</param>
public sealed record ReferenceSummary(
    string ModelVersion, long Rows, double LabelRate, QualityMetrics? Quality, string Blob, long CreatedMs);

/// <summary>What one call did.</summary>
public sealed record AdvanceResult(int Closed, int Judged, int Restated, int Opened, int Resolved, IReadOnlyList<TriggerRecord> Triggered);

/// <summary>A pipeline that a monitor asked for.</summary>
/// <param name="Cause">Such as <c>drift:flight-delay:2001-05-14</c>; a pipeline runs once for one cause.</param>
public sealed record TriggerRecord(
    string Id, string Endpoint, string Pipeline, string Cause, WindowLength Window, long StartUs, long EndUs, string Reason,
    long CreatedMs);

public sealed record MonitoringOptions
{
    /// <summary>When monitors with the system's clock look for windows to close.</summary>
    public string Cron { get; init; } = "*/5 * * * *";

    /// <summary>Values of a reference kept per feature; above it they are thinned evenly by rank.</summary>
    public int ReferenceValues { get; init; } = 10_000;

    /// <summary>By name: what webhooks are signed with. Monitors name a secret and never hold it.</summary>
    public IReadOnlyDictionary<string, string> WebhookSecrets { get; init; } = new Dictionary<string, string>();

    /// <summary>The wait before a webhook is tried a second time; it doubles each time, up to 15 minutes.</summary>
    public TimeSpan WebhookRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a webhook is tried before its job is left as a dead letter.</summary>
    public TimeSpan WebhookGiveUp { get; init; } = TimeSpan.FromHours(24);
}
