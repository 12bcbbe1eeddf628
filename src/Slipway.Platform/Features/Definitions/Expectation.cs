using System.Text.Json.Serialization;
using Slipway.Core.Data;
using Slipway.Platform.Foundation.Quality;
using Slipway.Platform.Foundation.Yaml;

namespace Slipway.Platform.Features.Definitions;

/// <summary>What becomes of a row that breaks an expectation.</summary>
public enum ViolationAction
{
    /// <summary>It is counted and used.</summary>
    Warn,

    /// <summary>It is counted and left out, as if the source did not have it.</summary>
    Drop,

    /// <summary>The run or training set is refused.</summary>
    Fail,
}

/// <summary>What the rows of a batch view are expected to hold; in the words of <see cref="ColumnRule"/> where they have one.</summary>
/// <param name="Columns">Features, join keys or times of the view; more than one where they are <paramref name="Unique"/> together.</param>
/// <param name="In">The only values there may be; null for any.</param>
public sealed record Expectation(
    IReadOnlyList<string> Columns, bool NotNull, string? Min, string? Max, string? Pattern, IReadOnlyList<string>? In, bool Unique,
    ViolationAction OnViolation)
{
    /// <summary>file:line:column, while it is known.</summary>
    [JsonIgnore]
    public string Origin { get; init; } = "";

    /// <exception cref="Core.Errors.SlipwayException">With file, line and column.</exception>
    internal static Expectation Read(YamlMap map)
    {
        if (map.Has("column") == map.Has("columns"))
        {
            throw map.Error("an expectation has a 'column', or 'columns' that are unique together");
        }

        IReadOnlyList<string> columns = map.Has("columns") ? map.Texts("columns") : [map.Text("column")];
        var read = new Expectation(
            columns, map.Flag("not_null", otherwise: false), map.OptionalText("min"), map.OptionalText("max"), map.OptionalText("pattern"),
            map.Has("in") ? map.Texts("in") : null, map.Flag("unique", otherwise: false), map.Choice<ViolationAction>("on_violation", ViolationAction.Warn))
        {
            Origin = map.Origin,
        };
        map.End();
        return !read.SaysOfValues && !read.Unique ? throw map.Error("an expectation says 'not_null', 'min', 'max', 'pattern', 'in' or 'unique'")
            : read.In is { Count: 0 } ? throw map.Error("in", "'in' is empty; no value could be right")
            : columns.Count == 0 || (map.Has("columns") && (read.SaysOfValues || !read.Unique))
                ? throw map.Error("columns", "'columns' are what is unique together; of one 'column' more can be said")
            : read;
    }

    private bool SaysOfValues => NotNull || Min is not null || Max is not null || Pattern is not null || In is not null;

    /// <summary>What is wrong with it; null when all is well.</summary>
    /// <param name="columns">Those of the view's rows.</param>
    internal string? Problem(IReadOnlyList<ColumnSchema> columns)
    {
        if (Columns.FirstOrDefault(name => columns.All(c => c.Name != name)) is { } missing)
        {
            return $"there is no column '{missing}'; there are {string.Join(", ", columns.Select(c => c.Name))}.";
        }

        var rule = Rule(columns);
        return rule.Type.IsArray() && (Min ?? Max ?? Pattern ?? In?[0]) is not null ? $"'{rule.Name}' is {Lower(rule.Type)}; of an array only 'not_null' and 'unique' can be said."
            : rule.Misfit() is { } misfit ? $"'{misfit}' is no {Lower(rule.Type)}, which '{rule.Name}' is."
            : Pattern is not null && rule.Type != DataType.String ? $"'{rule.Name}' is {Lower(rule.Type)}; a pattern is of strings."
            : rule.Type == DataType.Bool && (Min ?? Max) is not null ? $"'{rule.Name}' is bool, which has no smallest and largest."
            : null;
    }

    /// <param name="arrival">The column that says which of equal rows is the first.</param>
    internal IEnumerable<RowTest> Tests(IReadOnlyList<ColumnSchema> columns, string arrival) =>
        [.. Rule(columns).Tests(), .. Unique ? [RowTest.Unique(Columns, arrival)] : Array.Empty<RowTest>()];

    private ColumnRule Rule(IReadOnlyList<ColumnSchema> columns) =>
        new(Columns[0], columns.First(c => c.Name == Columns[0]).Type, !NotNull, Min, Max, Pattern, In ?? []);

    private static string Lower(DataType type) => type.Text();
}
