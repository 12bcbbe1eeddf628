using Slipway.Platform.Features.Definitions;

namespace Slipway.Platform.Features.Registry;

/// <summary>What people should know of a change beside that it is one.</summary>
internal static class Notices
{
    public static DefinitionChange On(DefinitionChange change, FeatureRepository all, StoredDefinition? before, string json)
    {
        var (notes, taken) = change.Kind switch
        {
            DefinitionKind.View => all.View(change.Name) is var view ? (view.Notes, view.From) : default,
            DefinitionKind.Service => all.Service(change.Name) is var service ? (service.Notes, service.Features) : default,
            _ => (all.Entities.First(entity => entity.Name == change.Name).Notes, []),
        };
        var warnings = Deprecation.Warnings(all, taken);
        return change with
        {
            Fields = before is null ? null : FieldChanges.Of(before.Definition, json),
            Warnings = warnings.Count == 0 ? null : warnings,
            Deprecated = notes.Deprecated,
            DeprecatedFeatures = change.Kind == DefinitionKind.View ? Deprecated(all.View(change.Name)) : null,
        };
    }

    private static DeprecatedFeature[]? Deprecated(FeatureViewDefinition view) =>
        view.Features.Where(feature => feature.Deprecated is not null)
            .Select(feature => new DeprecatedFeature(feature.Name, feature.Deprecated!)).ToArray() is { Length: > 0 } some ? some : null;
}
