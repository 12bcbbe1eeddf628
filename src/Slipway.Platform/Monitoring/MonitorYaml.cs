using System.Globalization;
using Slipway.Core.Errors;
using Slipway.Core.Statistics;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Yaml;

namespace Slipway.Platform.Monitoring;

/// <summary>Reads a monitor from YAML, and so from JSON, which is YAML too.</summary>
public static class MonitorYaml
{
    /// <exception cref="SlipwayException">Naming file, line and column, or the rule that is broken.</exception>
    public static MonitorDefinition Read(string file) => Build(YamlFile.Read(file), null);

    /// <param name="name">What errors call the text.</param>
    /// <param name="endpoint">The endpoint when the text names none; when it does, they must agree.</param>
    public static MonitorDefinition Parse(string text, string name, string? endpoint = null) =>
        Build(YamlFile.Parse(text, name), endpoint);

    private static MonitorDefinition Build(YamlMap root, string? endpoint)
    {
        var defaults = new MonitorDefinition("", []);
        var windows = root.Has("windows") ? Windows(root, "windows") : defaults.Windows;
        var first = windows.Count > 0 ? windows[0] : throw root.Error("windows", "'windows' names one window at least");
        var definition = new MonitorDefinition(Endpoint(root, endpoint), [.. root.Maps("features").Select(Feature)])
        {
            Clock = Word(root, "clock", defaults.Clock),
            Windows = windows,
            From = Time(root, "from"),
            MinimumRows = root.OptionalInteger("minimum_rows") ?? defaults.MinimumRows,
            Grace = root.OptionalDuration("grace") ?? defaults.Grace,
            RestateFor = root.OptionalDuration("restate_for") ?? defaults.RestateFor,
            Drift = root.OptionalMap("drift") is { } drift ? Drift(drift) : defaults.Drift,
            Quality = root.OptionalMap("quality") is { } quality ? Quality(quality) : defaults.Quality,
            Alerts = root.Has("alerts") ? [.. root.Maps("alerts").Select(map => Alert(map, first))] : AlertRule.Defaults(first),
            Trigger = root.OptionalMap("trigger") is { } trigger ? Trigger(trigger, first) : null,
            Webhooks = [.. root.Maps("webhooks").Select(Webhook)],
        };
        root.End();
        return MonitorCheck.Checked(definition);
    }

    private static string Endpoint(YamlMap root, string? given)
    {
        var written = root.OptionalText("endpoint");
        if (written is not null && given is not null && written != given)
        {
            throw root.Error("endpoint", $"the monitor is for endpoint '{written}', not for '{given}'");
        }

        return written ?? given ?? throw root.Error("'endpoint' is missing");
    }

    private static WatchedFeature Feature(YamlMap map)
    {
        var feature = new WatchedFeature(
            map.Text("name"), Word(map, "type", FeatureKind.Numeric), map.Has("windows") ? Windows(map, "windows") : null);
        map.End();
        return feature;
    }

    private static DriftPolicy Drift(YamlMap map)
    {
        var (defaults, test) = (new DriftPolicy(), DriftOptions.Default);
        var policy = new DriftPolicy
        {
            Test = test with
            {
                Alpha = map.OptionalNumber("alpha") ?? test.Alpha,
                NumericEffectFloor = map.OptionalNumber("numeric_floor") ?? test.NumericEffectFloor,
                CategoricalEffectFloor = map.OptionalNumber("categorical_floor") ?? test.CategoricalEffectFloor,
                MinimumCount = map.OptionalInteger("minimum_count") ?? test.MinimumCount,
            },
            ReferenceQuantile = map.OptionalNumber("reference_quantile") ?? defaults.ReferenceQuantile,
            DatasetShare = map.OptionalNumber("dataset_share") ?? defaults.DatasetShare,
        };
        map.End();
        return policy;
    }

    private static QualityPolicy Quality(YamlMap map)
    {
        var defaults = new QualityPolicy();
        var policy = new QualityPolicy
        {
            Threshold = map.OptionalNumber("threshold") ?? defaults.Threshold,
            Alpha = map.OptionalNumber("alpha") ?? defaults.Alpha,
            MinimumOutcomes = map.OptionalInteger("minimum_outcomes") ?? defaults.MinimumOutcomes,
            Rules = map.Has("rules") ? [.. map.Maps("rules").Select(Rule)] : defaults.Rules,
        };
        map.End();
        return policy;
    }

    private static QualityRule Rule(YamlMap map)
    {
        var rule = new QualityRule(
            EnumName.Parse<QualityMetric>(map.Text("metric"), "metric with a standard error"),
            map.OptionalNumber("worse_by") ?? throw map.Error("'worse_by' is missing"));
        map.End();
        return rule;
    }

    private static AlertRule Alert(YamlMap map, WindowLength otherwise)
    {
        var on = EnumName.Parse<FindingKind>(map.Text("on"), "finding");
        var rule = new AlertRule(
            map.OptionalText("name") ?? EnumName.Of(on), on, Window(map, otherwise), Word(map, "severity", Severity.Warning),
            map.OptionalText("owner"), Streak(map), map.OptionalInteger("resolve_after") ?? 2);
        map.End();
        return rule;
    }

    private static TriggerRule Trigger(YamlMap map, WindowLength otherwise)
    {
        var on = map.Texts("on").Select(word => word == "drift"
            ? FindingKind.DatasetDrift
            : EnumName.Parse<FindingKind>(word, "finding")).ToList();
        var rule = new TriggerRule(
            map.Text("pipeline"), on, Window(map, otherwise), Streak(map), map.OptionalDuration("cooldown") ?? TimeSpan.FromDays(7),
            map.Object("parameters"));
        map.End();
        return rule;
    }

    private static WebhookReceiver Webhook(YamlMap map)
    {
        var receiver = new WebhookReceiver(map.Text("url"), map.Text("secret"));
        map.End();
        return receiver;
    }

    private static WindowLength Window(YamlMap map, WindowLength otherwise) =>
        map.OptionalText("window") is { } text ? WindowLength.Parse(text) : otherwise;

    private static List<WindowLength> Windows(YamlMap map, string key) => [.. map.Texts(key).Select(WindowLength.Parse)];

    private static Streak Streak(YamlMap map)
    {
        var text = map.OptionalText("when") ?? "1 of 1";
        return text.Split(" of ") is [var bad, var of]
            && int.TryParse(bad, NumberStyles.None, CultureInfo.InvariantCulture, out var k)
            && int.TryParse(of, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
            ? new(k, n)
            : throw map.Error("when", $"'when' is written as '2 of 3'; got '{text}'");
    }

    private static T Word<T>(YamlMap map, string key, T otherwise)
        where T : struct, Enum => map.OptionalText(key) is { } text ? EnumName.Parse<T>(text, key) : otherwise;

    private static DateTimeOffset? Time(YamlMap map, string key) => map.OptionalText(key) is not { } text ? null
        : DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw map.Error(key, $"'{key}' must be a time such as 2001-05-01 or 2001-05-01T06:00:00Z; got '{text}'");
}
