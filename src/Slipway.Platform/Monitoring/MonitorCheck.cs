using Slipway.Core.Errors;

namespace Slipway.Platform.Monitoring;

/// <summary>What a definition must hold to.</summary>
internal static class MonitorCheck
{
    private const int MaxFeatures = 10_000;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the rule that is broken.</exception>
    public static MonitorDefinition Checked(MonitorDefinition definition)
    {
        var name = $"The monitor of '{definition.Endpoint}'";
        Limit.Name("An endpoint's name", definition.Endpoint, 128);
        Require(
            definition.Features.Count <= MaxFeatures,
            $"{name} watches at most {MaxFeatures} features; got {definition.Features.Count}.");
        Distinct(definition.Features.Select(f => f.Name), name, "watches the feature");
        Require(definition.Features.All(f => !f.Name.StartsWith('$')), $"{name}: a feature's name does not begin with '$'.");
        Require(definition.Windows.Count is >= 1 and <= 8, $"{name} has 1 to 8 windows; got {definition.Windows.Count}.");
        Distinct(definition.Windows.Select(w => w.ToString()), name, "has the window");
        foreach (var (feature, window) in definition.Features.SelectMany(f => (f.Windows ?? []).Select(w => (f.Name, w))))
        {
            RequireWindow(definition, window, $"feature '{feature}'");
        }

        Limit.Range($"{name}: minimum_rows", definition.MinimumRows, 1, 1_000_000);
        RequireDays(definition.Grace, $"{name}: grace");
        RequireDays(definition.RestateFor, $"{name}: restate_for");
        Check(definition.Drift, name);
        Check(definition.Quality, name);
        CheckRules(definition, name);
        return definition;
    }

    private static void Check(DriftPolicy drift, string name)
    {
        drift.Test.Validate();
        Require(
            drift.ReferenceQuantile is > 0 and <= 1,
            $"{name}: reference_quantile is above 0 and at most 1; got {drift.ReferenceQuantile}.");
        Require(drift.DatasetShare is >= 0 and <= 1, $"{name}: dataset_share is 0 to 1; got {drift.DatasetShare}.");
    }

    private static void Check(QualityPolicy quality, string name)
    {
        Require(quality.Threshold is >= 0 and <= 1, $"{name}: the threshold is 0 to 1; got {quality.Threshold}.");
        Require(quality.Alpha is > 0 and < 0.5, $"{name}: the alpha of quality is between 0 and 0.5; got {quality.Alpha}.");
        Limit.Range($"{name}: minimum_outcomes", quality.MinimumOutcomes, 1, 1_000_000);
        Distinct(quality.Rules.Select(r => r.Metric.ToString()), name, "has two rules for");
        Require(quality.Rules.All(r => r.WorseBy >= 0), $"{name}: worse_by is at least 0.");
    }

    private static void CheckRules(MonitorDefinition definition, string name)
    {
        Distinct(definition.Alerts.Select(a => a.Name), name, "has the alert");
        foreach (var alert in definition.Alerts)
        {
            Limit.Name("An alert's name", alert.Name, 128);
            Limit.Text("An alert's owner", alert.Owner, 250);
            RequireWindow(definition, alert.Window, $"alert '{alert.Name}'");
            Check(alert.Streak, $"{name}, alert '{alert.Name}'");
            Limit.Range($"{name}, alert '{alert.Name}': resolve_after", alert.ResolveAfter, 1, 30);
        }

        if (definition.Trigger is { } trigger)
        {
            Limit.Name("A trigger's pipeline", trigger.Pipeline, 250);
            RequireWindow(definition, trigger.Window, "the trigger");
            Check(trigger.Streak, $"{name}, trigger");
            RequireDays(trigger.Cooldown, $"{name}: cooldown");
            Require(
                trigger.On.Count > 0 && trigger.On.All(on => on is FindingKind.DatasetDrift or FindingKind.Performance),
                $"{name}: a trigger is on drift, performance or both.");
        }

        foreach (var hook in definition.Webhooks)
        {
            Require(
                Uri.TryCreate(hook.Url, UriKind.Absolute, out var url) && url.Scheme is "http" or "https",
                $"{name}: a webhook's url begins with http:// or https://; got '{hook.Url}'.");
        }
    }

    private static void Check(Streak streak, string what) => Require(
        streak.Bad >= 1 && streak.Bad <= streak.Of && streak.Of <= 30,
        $"{what}: k of n windows needs 1 ≤ k ≤ n ≤ 30; got {streak.Bad} of {streak.Of}.");

    private static void RequireWindow(MonitorDefinition definition, WindowLength window, string what) => Require(
        definition.Windows.Contains(window),
        $"The monitor of '{definition.Endpoint}' has no window of {window}, which {what} names; it has {string.Join(", ", definition.Windows)}.");

    private static void RequireDays(TimeSpan span, string what) => Require(
        span >= TimeSpan.Zero && span <= TimeSpan.FromDays(366), $"{what} is 0 to 366 days; got {span.TotalDays} days.");

    private static void Distinct(IEnumerable<string> names, string name, string what)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var one in names)
        {
            Require(seen.Add(one), $"{name} {what} '{one}' twice.");
        }
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw SlipwayException.Invalid(message);
        }
    }
}
