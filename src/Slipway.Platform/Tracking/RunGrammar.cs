using Slipway.Platform.Foundation.Filters;

namespace Slipway.Platform.Tracking;

/// <summary>What a search of runs may name.</summary>
internal static class RunGrammar
{
    public const string Attribute = "attribute";
    public const string Metric = "metric";
    public const string Param = "parameter";
    public const string Tag = "tag";
    public const string Dataset = "dataset";
    public const string StartTime = "start_time";
    public const string RunId = "run_id";

    public static FilterGrammar Grammar { get; } = new(
        new FilterEntity(
            [Attribute, "attributes", "attr", "run"],
            [
                new FilterKey(StartTime, FilterType.Number, FilterOperators.Numeric, "created", "Created"),
                new FilterKey("end_time", FilterType.Number, FilterOperators.Numeric),
                Text(RunId),
                Text("run_name", "run name", "Run name", "Run Name"),
                Text("status"),
                Text("artifact_uri"),
                Text("user_id"),
            ]),
        new FilterEntity([Metric, "metrics"], [], new FilterKey("", FilterType.Number, FilterOperators.Numeric)),
        new FilterEntity([Param, "parameters", "param", "params"], [], new FilterKey("", FilterType.Text, FilterOperators.TextOrNull)),
        new FilterEntity([Tag, "tags"], [], new FilterKey("", FilterType.Text, FilterOperators.TextOrNull)),
        new FilterEntity([Dataset, "datasets"], [Text("name"), Text("digest"), Text("context")]));

    private static FilterKey Text(string name, params string[] aliases) => new(name, FilterType.Text, FilterOperators.TextOrList, aliases);
}
