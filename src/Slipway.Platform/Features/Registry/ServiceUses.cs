using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Features.Registry;

/// <summary>A version of a service and the features that it is made of, directly or through views that build on them.</summary>
internal sealed record ServiceUses(string Service, int Version, bool InForce, IReadOnlySet<(string View, string Feature)> Features)
{
    public string Key { get; } = new FeatureReference(Service, Version).ToString();

    /// <summary>Whether a model that names this, with a version or without, is given these features.</summary>
    public bool IsMeantBy(string reference) => reference == Key || (InForce && reference == Service);

    /// <summary>Every version of every service, each with the versions of views that it was made of.</summary>
    public static List<ServiceUses> Of(IReadOnlyList<StoredDefinition> all)
    {
        var views = all.Where(d => d.Kind == DefinitionKind.View)
            .ToDictionary(d => (d.Name, d.Version), d => Json.Read<FeatureViewDefinition>(d.Definition));
        var latest = all.GroupBy(d => (d.Kind, d.Name)).ToDictionary(versions => versions.Key, versions => versions.Max(d => d.Version));
        return [.. all.Where(d => d.Kind == DefinitionKind.Service).Select(Uses)];

        ServiceUses Uses(StoredDefinition service)
        {
            // Versions from before it was kept which views they are made of are of the latest.
            var made = (service.Uses ?? []).Where(use => use.StartsWith("view/", StringComparison.Ordinal))
                .Select(use => FeatureReference.Parse(use["view/".Length..])).ToDictionary(use => use.Name, use => use.Version!.Value, StringComparer.Ordinal);
            var features = new HashSet<(string, string)>();
            Add(features, Json.Read<FeatureServiceDefinition>(service.Definition).Features, name =>
                views.GetValueOrDefault((name, made.TryGetValue(name, out var version) ? version : latest.GetValueOrDefault((DefinitionKind.View, name)))));
            return new ServiceUses(service.Name, service.Version, latest[(DefinitionKind.Service, service.Name)] == service.Version, features);
        }
    }

    private static void Add(
        HashSet<(string, string)> features, IReadOnlyList<FeatureSelection> selections, Func<string, FeatureViewDefinition?> find)
    {
        foreach (var selection in selections)
        {
            if (find(selection.View) is not { } view)
            {
                continue;
            }

            features.UnionWith((selection.Features.Count == 0 ? view.Features.Select(f => f.Name) : selection.Features).Select(name => (view.Name, name)));
            Add(features, view.From, find);
        }
    }
}
