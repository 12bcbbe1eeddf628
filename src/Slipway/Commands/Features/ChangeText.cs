using System.Globalization;
using Slipway.Client;
using Slipway.Commands.Client;

namespace Slipway.Commands.Features;

/// <summary>Changes of definitions as people read them: <c>+</c> new, <c>~</c> a new version, <c>=</c> only what is written about it, <c>-</c> left alone.</summary>
internal static class ChangeText
{
    /// <param name="left">What is stored and not in the folder.</param>
    public static void Write(IReadOnlyList<DefinitionChange> changes, IReadOnlyList<FoundDefinition> left, bool isDone, TextWriter to)
    {
        foreach (var change in changes)
        {
            Write(change, to);
        }

        foreach (var found in left)
        {
            to.WriteLine(TextTable.Plain($"- {Word(found.Kind)} {found.Name} {found.Version}: not in this folder; it stays as it is"));
        }

        var (made, versions, notes) = (Count(DefinitionAction.Create), Count(DefinitionAction.Update), Count(DefinitionAction.Annotate));
        to.WriteLine(made + versions + notes == 0
            ? "Nothing changes."
            : string.Create(CultureInfo.InvariantCulture, $"{(isDone ? "Done" : "An apply makes")}: {made} new, {versions} with a new version, {notes} with other notes."));

        int Count(DefinitionAction action) => changes.Count(change => change.Action == action);
    }

    public static string Word(DefinitionKind kind) => kind.ToString().ToLowerInvariant();

    public static string Consumers(FeatureConsumers consumers)
    {
        string[] parts =
        [
            .. Part("view", consumers.Views), .. Part("service", consumers.Services),
            .. Part("model", [.. consumers.Models.Select(model => $"{model.Model}/{model.Version} ({model.Stage.ToString().ToLowerInvariant()}, {model.FeatureService})")]),
            .. Part("endpoint", consumers.Endpoints),
            .. Part("reader", [.. consumers.Readers.Select(reader => string.Create(CultureInfo.InvariantCulture, $"{reader.Name} ({reader.LastRead:yyyy-MM-dd})"))]),
        ];
        return parts.Length == 0 ? "nobody" : string.Join("; ", parts);
    }

    private static void Write(DefinitionChange change, TextWriter to)
    {
        var name = $"{Word(change.Kind)} {change.Name}";
        if (change.Action != DefinitionAction.Unchanged)
        {
            to.WriteLine(TextTable.Plain(change.Action switch
            {
                DefinitionAction.Create => $"+ {name} {change.To}",
                DefinitionAction.Annotate => $"= {name} {change.To}, notes only",
                _ => $"~ {name} {change.From} -> {change.To}{(change.Fields is null ? ", since what it builds on changes" : "")}",
            }));
        }

        foreach (var field in change.Fields ?? [])
        {
            to.WriteLine(TextTable.Plain($"    {(field.Old is null ? '+' : field.New is null ? '-' : '~')} {field.Path}: {Values(field)}"));
        }

        foreach (var warning in change.Warnings ?? [])
        {
            to.WriteLine(TextTable.Plain($"  ! {name}: {warning}"));
        }

        if (change.Deprecated is { } deprecated)
        {
            to.WriteLine(TextTable.Plain(Deprecated(name, deprecated, change.Consumers)));
        }

        foreach (var gone in change.DeprecatedFeatures ?? [])
        {
            to.WriteLine(TextTable.Plain(Deprecated($"feature {change.Name}:{gone.Feature}", gone.Deprecated, gone.Consumers)));
        }
    }

    private static string Deprecated(string name, Deprecation deprecated, FeatureConsumers? consumers) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"  ! {name} is deprecated from {deprecated.On:yyyy-MM-dd} on{(deprecated.Reason is null ? "" : $": {deprecated.Reason}")}")
        + (consumers is null ? "" : $" Used by {Consumers(consumers)}.");

    private static string Values(FieldChange field) =>
        field.Old is null ? field.New! : field.New is null ? field.Old : $"{field.Old} -> {field.New}";

    private static string[] Part(string what, IReadOnlyList<string> names) => names.Count == 0 ? [] : [$"{what} {string.Join(", ", names)}"];
}
