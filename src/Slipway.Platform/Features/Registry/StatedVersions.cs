using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Features.Registry;

/// <summary>
/// A version is a count of contents, so nothing changes under one. Yet a feature of another type breaks who reads it by name, which other
/// changes do not: it takes an author who says so, by the version that the view becomes.
/// </summary>
internal static class StatedVersions
{
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> with every problem, each at its file, line and column.</exception>
    public static void Check(
        FeatureRepository given, Dictionary<(DefinitionKind, string), StoredDefinition> latest, IReadOnlyList<DefinitionChange> changes)
    {
        var after = changes.Where(change => change.Kind == DefinitionKind.View).ToDictionary(change => change.Name, StringComparer.Ordinal);
        var problems = given.Views.SelectMany(view => Problems(view, latest.GetValueOrDefault((DefinitionKind.View, view.Name)), after[view.Name].To)).ToList();
        if (problems.Count > 0)
        {
            throw SlipwayException.Invalid(string.Join('\n', problems));
        }
    }

    private static IEnumerable<string> Problems(FeatureViewDefinition view, StoredDefinition? before, int becomes)
    {
        if (view.Version is { } stated)
        {
            return stated == becomes ? [] : [$"{view.Notes.Origin}: feature view '{view.Name}' says 'version: {stated}', and with this content it is version {becomes}."];
        }

        var old = before is null ? [] : Json.Read<FeatureViewDefinition>(before.Definition).Features;
        return from feature in view.Features
               from was in old
               where was.Name == feature.Name && was.Column.TypeText() != feature.Column.TypeText()
               select $"{view.Notes.Origin}: feature '{feature.Name}' of view '{view.Name}' changes its type from {was.Column.TypeText()} to "
                   + $"{feature.Column.TypeText()}, which breaks who reads it by name; give it another name, or the view 'version: {becomes}'.";
    }
}
