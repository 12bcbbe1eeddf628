using Slipway.Platform.Foundation.Filters;

namespace Slipway.Platform.Registry.Search;

/// <summary>What may be asked about models and versions: MLflow's keys, and those that only this registry has.</summary>
public static class RegistryGrammar
{
    private static readonly IReadOnlyList<FilterOperator> Exactly = [FilterOperator.Equal, FilterOperator.In];

    private static readonly FilterKey Name = new("name", FilterType.Text, FilterOperators.TextOrList);
    private static readonly FilterKey Created = new("creation_timestamp", FilterType.Number, FilterOperators.Numeric);
    private static readonly FilterKey Updated = new("last_updated_timestamp", FilterType.Number, FilterOperators.Numeric, "timestamp");
    private static readonly FilterKey Owner = new("owner", FilterType.Text, FilterOperators.TextOrList);
    private static readonly FilterKey Project = new("project", FilterType.Text, FilterOperators.TextOrList);

    // A model has several stages and aliases: it can have one or not, and nothing can be said of "the" stage.
    private static readonly FilterKey Stages = new("stage", FilterType.Text, Exactly);
    private static readonly FilterKey Aliases = new("alias", FilterType.Text, Exactly);

    private static readonly FilterEntity Tags = new(["tag", "tags"], [], new FilterKey("", FilterType.Text, FilterOperators.TextOrNull));
    private static readonly FilterEntity Metrics = new(["metric", "metrics"], [], new FilterKey("", FilterType.Number, FilterOperators.Numeric));

    /// <summary>Metrics, stage and alias are met by a model of which some version meets them.</summary>
    public static FilterGrammar Models { get; } = new(
        new FilterEntity(["attribute", "attributes", "attr"], [Name, Created, Updated, Owner, Project, Stages, Aliases]), Tags, Metrics);

    public static FilterGrammar Versions { get; } = new(
        new FilterEntity(
            ["attribute", "attributes", "attr"],
            [
                Name, Created, Updated, Owner, Project, Aliases,
                new("version_number", FilterType.Number, FilterOperators.Numeric),
                new("version", FilterType.Text, FilterOperators.TextOrList),
                new("run_id", FilterType.Text, FilterOperators.TextOrList),
                new("source_path", FilterType.Text, FilterOperators.TextOrList, "source"),
                new("model_id", FilterType.Text, FilterOperators.TextOrList),
                new("stage", FilterType.Text, [FilterOperator.Equal, FilterOperator.NotEqual, FilterOperator.In, FilterOperator.NotIn]),
                new("created_by", FilterType.Text, FilterOperators.TextOrList),
            ]),
        Tags,
        Metrics);

    internal static Ordering ByName { get; } = new("attribute", "name", FilterType.Text, false);

    /// <summary>Tells any two versions apart.</summary>
    internal static IReadOnlyList<Ordering> VersionKey { get; } = [ByName, new("attribute", "version_number", FilterType.Number, true)];

    internal static IReadOnlyList<Ordering> NewestVersions { get; } =
        [new("attribute", "last_updated_timestamp", FilterType.Number, true), .. VersionKey];
}
