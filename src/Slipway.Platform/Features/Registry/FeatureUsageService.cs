using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Foundation;
using Slipway.Platform.Registry;

namespace Slipway.Platform.Features.Registry;

/// <summary>Who uses which features, and which nobody does.</summary>
public sealed class FeatureUsageService(FeatureRegistryService registry, FeatureRights rights, RegistryService models, FeatureUses reads)
{
    /// <param name="feature">Of a view; null for any of its features.</param>
    /// <exception cref="SlipwayException">NotFound; Forbidden for one who may not read the view, or all views of the service.</exception>
    public async Task<FeatureConsumers> ConsumersAsync(Actor actor, DefinitionKind kind, string name, string? feature, CancellationToken cancel)
    {
        var all = await registry.AllAsync(cancel);
        var latest = Latest(all);
        var definition = latest.FirstOrDefault(d => d.Kind == kind && d.Name == name)
            ?? throw SlipwayException.NotFound($"There is no feature {EnumName.Of(kind)} '{name}'.");
        rights.RequireSees(actor, definition, latest);
        if (feature is not null && (kind != DefinitionKind.View || Features(definition).All(f => f != feature)))
        {
            throw SlipwayException.NotFound($"Feature {EnumName.Of(kind)} '{name}' has no feature '{feature}'.");
        }

        var views = latest.Where(d => d.Kind == DefinitionKind.View).Select(d => Json.Read<FeatureViewDefinition>(d.Definition)).ToList();
        HashSet<string> about = kind == DefinitionKind.Entity ? [.. views.Where(view => view.Entities.Contains(name)).Select(view => view.Name)] : [name];
        var uses = ServiceUses.Of(all).Where(use => kind == DefinitionKind.Service
            ? use.Service == name
            : use.Features.Any(used => about.Contains(used.View) && (feature is null || used.Feature == feature))).ToList();
        return new FeatureConsumers(
            kind switch
            {
                DefinitionKind.Entity => [.. about.Order(StringComparer.Ordinal)],
                DefinitionKind.View => [.. views.Where(view => view.From.Any(from => Takes(from, name, feature))).Select(view => view.Name)],
                _ => [],
            },
            kind == DefinitionKind.Service ? [] : [.. uses.Where(use => use.InForce).Select(use => use.Service)],
            [.. (await models.UsersOfFeaturesAsync(cancel)).Where(user => uses.Exists(use => use.IsMeantBy(user.FeatureService)))],
            [.. (await registry.PinsAsync(cancel)).Where(pin => pin.Services.Any(held => uses.Exists(use => use.IsMeantBy(held))))
                .Select(pin => pin.Holder.Split('/', 2)[^1])],
            kind == DefinitionKind.Service ? [] : Readers((await reads.ReadAsync(cancel))
                .Where(read => about.Contains(read.Key.View) && (feature is null || read.Key.Feature == feature))));
    }

    /// <summary>Features of views in force that no model version uses which may still come into production, that no endpoint holds, and that nobody has read online for 30 days.</summary>
    /// <remarks>Of the views that the actor reads.</remarks>
    public async Task<IReadOnlyList<UnusedFeature>> UnusedAsync(Actor actor, CancellationToken cancel)
    {
        var all = await registry.AllAsync(cancel);
        var uses = ServiceUses.Of(all);
        var live = (await models.UsersOfFeaturesAsync(cancel)).Where(user => user.Stage is not (Stage.Retired or Stage.Archived))
            .Select(user => user.FeatureService).Concat((await registry.PinsAsync(cancel)).SelectMany(pin => pin.Services)).ToHashSet(StringComparer.Ordinal);
        var used = uses.Where(use => live.Any(use.IsMeantBy)).SelectMany(use => use.Features)
            .Concat((await reads.ReadAsync(cancel)).Where(read => reads.IsRecent(read.Value)).Select(read => (read.Key.View, read.Key.Feature))).ToHashSet();
        var latest = Latest(all);
        return
        [
            .. from view in latest.Where(d => d.Kind == DefinitionKind.View && FeatureRights.Sees(actor, d, latest))
               from feature in Features(view)
               where !used.Contains((view.Name, feature))
               select new UnusedFeature(view.Name, feature, [.. uses.Where(u => u.InForce && u.Features.Contains((view.Name, feature))).Select(u => u.Service)]),
        ];
    }

    /// <summary>What an apply would change, for one who may see what is there.</summary>
    public async Task<IReadOnlyList<DefinitionChange>> PlanAsync(FeatureRepository definitions, Actor actor, CancellationToken cancel)
    {
        var changes = await registry.PlanAsync(definitions, cancel);
        var latest = Latest(await registry.AllAsync(cancel));
        foreach (var before in latest.Where(d => changes.Any(change => change.Fields is not null && (change.Kind, change.Name) == (d.Kind, d.Name))))
        {
            rights.RequireSees(actor, before, latest);
        }

        return await WithConsumersAsync(changes, actor, cancel);
    }

    /// <inheritdoc cref="FeatureRegistryService.ApplyAsync"/>
    public async Task<IReadOnlyList<DefinitionChange>> ApplyAsync(FeatureRepository definitions, Actor actor, CancellationToken cancel) =>
        await WithConsumersAsync(await registry.ApplyAsync(definitions, actor, cancel), actor, cancel);

    /// <summary>Whoever deprecates, or builds on what is deprecated, is told who else does.</summary>
    private async Task<IReadOnlyList<DefinitionChange>> WithConsumersAsync(
        IReadOnlyList<DefinitionChange> changes, Actor actor, CancellationToken cancel)
    {
        var (told, latest) = (new List<DefinitionChange>(), await registry.LatestAsync(cancel));
        foreach (var change in changes)
        {
            told.Add(change.From is null ? change : change with
            {
                Consumers = change.Deprecated is null ? null : await ConsumersAsync(actor, change.Kind, change.Name, null, cancel),
                DeprecatedFeatures = change.DeprecatedFeatures is { } gone ? await WithConsumersAsync(change.Name, gone, latest, actor, cancel) : null,
            });
        }

        return told;
    }

    private async Task<IReadOnlyList<DeprecatedFeature>> WithConsumersAsync(
        string view, IReadOnlyList<DeprecatedFeature> features, IReadOnlyList<StoredDefinition> latest, Actor actor, CancellationToken cancel)
    {
        var there = Features(latest.First(d => d.Kind == DefinitionKind.View && d.Name == view)).ToHashSet(StringComparer.Ordinal);
        var told = new List<DeprecatedFeature>();
        foreach (var feature in features)
        {
            told.Add(there.Contains(feature.Feature)
                ? feature with { Consumers = await ConsumersAsync(actor, DefinitionKind.View, view, feature.Feature, cancel) }
                : feature);
        }

        return told;
    }

    private static IReadOnlyList<FeatureReader> Readers(IEnumerable<KeyValuePair<FeatureUse, DateOnly>> reads) =>
        [.. reads.GroupBy(read => read.Key.Reader, StringComparer.Ordinal).Select(by => new FeatureReader(by.Key, by.Max(read => read.Value)))
            .OrderBy(reader => reader.Name, StringComparer.Ordinal)];

    private static bool Takes(FeatureSelection from, string view, string? feature) =>
        from.View == view && (feature is null || from.Features.Count == 0 || from.Features.Contains(feature));

    private static IEnumerable<string> Features(StoredDefinition view) =>
        Json.Read<FeatureViewDefinition>(view.Definition).Features.Select(feature => feature.Name);

    private static List<StoredDefinition> Latest(IReadOnlyList<StoredDefinition> all) => [.. all.GroupBy(d => (d.Kind, d.Name)).Select(v => v.MaxBy(d => d.Version)!)];
}
