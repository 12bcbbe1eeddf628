using System.Collections.Concurrent;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Features.Registry;

/// <summary>Plans for features that a caller names one by one, and for services under other column names; those asked for stay compiled.</summary>
/// <param name="stored">By the name of the view.</param>
/// <param name="version">Of a view.</param>
internal sealed class SelectionPlans(
    FeatureRepository repository, IReadOnlyDictionary<string, StoredView> stored, Func<string, int> version)
{
    /// <summary>Callers ask for the same few again and again; what comes beyond is compiled each time.</summary>
    private const int MaxKept = 256;

    private readonly ConcurrentDictionary<string, ServicePlan> kept = new(StringComparer.Ordinal);

    /// <summary>Null when there is none.</summary>
    public EntityDefinition? Entity(string name) => repository.Entities.FirstOrDefault(entity => entity.Name == name);

    /// <summary>The view and its version; null when there is none.</summary>
    public (FeatureViewDefinition View, int Version)? View(string name) =>
        repository.Views.FirstOrDefault(view => view.Name == name) is { } view ? (view, version(name)) : null;

    /// <summary>A service's plan under other column names.</summary>
    public ServicePlan Of(ServicePlan service, bool fullNames)
    {
        var definition = repository.Service(service.Name);
        return definition.FullNames == fullNames
            ? service
            : Of(definition.Features, fullNames) with { Name = service.Name, Version = service.Version };
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> for a view or feature that is not there.</exception>
    public ServicePlan Of(IReadOnlyList<FeatureSelection> features, bool fullNames)
    {
        var key = Json.Write(features) + fullNames;
        return kept.TryGetValue(key, out var plan) ? plan : Keep(key, Compile(features, fullNames));
    }

    private ServicePlan Keep(string key, ServicePlan plan) => kept.Count < MaxKept ? kept.GetOrAdd(key, plan) : plan;

    private ServicePlan Compile(IReadOnlyList<FeatureSelection> features, bool fullNames)
    {
        foreach (var selection in features)
        {
            var view = repository.View(selection.View);
            if (selection.Features.FirstOrDefault(name => view.Features.All(f => f.Name != name)) is { } missing)
            {
                throw SlipwayException.NotFound(
                    $"View '{view.Name}' has no feature '{missing}'; there are {string.Join(", ", view.Features.Select(f => f.Name))}.");
            }
        }

        var service = new FeatureServiceDefinition("request", features, fullNames) { Notes = new Notes("") };
        return ServicePlanner.Plan(repository, stored, service, version: 0);
    }
}
