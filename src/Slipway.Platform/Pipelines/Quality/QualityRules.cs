using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Quality;
using Slipway.Platform.Foundation.Yaml;

namespace Slipway.Platform.Pipelines.Quality;

/// <summary>What a dataset must look like. Rules on the schema refuse the file, rules on rows set rows aside, rules on the whole warn.</summary>
/// <param name="MaxQuarantinedShare">Above this share of rows set aside the dataset is refused, 0 to 1.</param>
public sealed record QualityRules(
    string Dataset, IReadOnlyList<ColumnRule> Columns, IReadOnlyList<IReadOnlyList<string>> Unique, IReadOnlyList<RowRule> Rows,
    VolumeRule? Volume, FreshnessRule? Freshness, double MaxQuarantinedShare)
{
    /// <exception cref="SlipwayException">Naming file, line and column.</exception>
    public static QualityRules Read(string file) => Build(YamlFile.Read(file));

    /// <param name="name">What errors call the text.</param>
    public static QualityRules Parse(string text, string name) => Build(YamlFile.Parse(text, name));

    private static QualityRules Build(YamlMap root)
    {
        var rules = new QualityRules(
            root.Text("dataset"),
            [.. root.Maps("columns").Select(ColumnRules.Read)],
            [.. root.Maps("unique").Select(ReadUnique)],
            [.. root.Maps("rows").Select(RowRule.Read)],
            root.OptionalMap("volume") is { } volume ? VolumeRule.Read(volume) : null,
            root.OptionalMap("freshness") is { } freshness ? FreshnessRule.Read(freshness) : null,
            root.OptionalNumber("max_quarantined_share") ?? 1);
        root.End();
        return rules.Columns.Count == 0 ? throw root.Error("'columns' is empty; name at least one column") : rules;
    }

    private static IReadOnlyList<string> ReadUnique(YamlMap map)
    {
        var columns = map.Texts("columns");
        map.End();
        return columns.Count == 0 ? throw map.Error("'columns' is empty") : columns;
    }
}

internal static class ColumnRules
{
    public static ColumnRule Read(YamlMap map)
    {
        var type = map.Text("type");
        var rule = new ColumnRule(
            map.Text("name"),
            Enum.TryParse<DataType>(type, ignoreCase: true, out var parsed) && !parsed.IsArray() ? parsed
                : throw map.Error("type", $"'{type}' is no type; known are {string.Join(", ", Enum.GetValues<DataType>().Where(t => !t.IsArray()).Select(t => t.Text()))}"),
            map.Flag("nullable", otherwise: false), map.OptionalText("min"), map.OptionalText("max"), map.OptionalText("pattern"),
            map.Texts("allowed"));
        map.End();
        return rule.Misfit() is { } misfit
            ? throw map.Error(misfit == rule.Min ? "min" : misfit == rule.Max ? "max" : "allowed", $"'{misfit}' is no {type}")
            : rule;
    }
}

/// <summary>A condition every row must meet, in DuckDB SQL over the columns. Null counts as not met.</summary>
public sealed record RowRule(string Name, string Condition)
{
    internal static RowRule Read(YamlMap map)
    {
        var rule = new RowRule(map.Text("name"), map.Text("condition"));
        map.End();
        return rule;
    }
}

/// <summary>How many rows a day has, by a timestamp column. Days between the first and the last that have none count as 0.</summary>
public sealed record VolumeRule(string Column, long MinPerDay, long MaxPerDay)
{
    internal static VolumeRule Read(YamlMap map)
    {
        var rule = new VolumeRule(
            map.Text("column"), map.OptionalInteger("min_per_day") ?? 0, map.OptionalInteger("max_per_day") ?? int.MaxValue);
        map.End();
        return rule;
    }
}

/// <summary>How old the newest row may be when the dataset is read.</summary>
public sealed record FreshnessRule(string Column, TimeSpan MaxAge)
{
    internal static FreshnessRule Read(YamlMap map)
    {
        var rule = new FreshnessRule(map.Text("column"), map.OptionalDuration("max_age") ?? throw map.Error("'max_age' is missing"));
        map.End();
        return rule;
    }
}
