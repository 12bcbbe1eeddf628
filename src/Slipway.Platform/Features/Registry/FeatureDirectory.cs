using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Features.Registry;

/// <summary>Finds definitions, of those that the reader may know of.</summary>
public sealed class FeatureDirectory(FeatureRegistryService registry, FeatureRights rights, FeatureUsageService usage)
{
    /// <summary>The latest version of every definition of a kind, by name.</summary>
    public async Task<IReadOnlyList<StoredDefinition>> ListAsync(Actor actor, DefinitionKind kind, CancellationToken cancel)
    {
        var latest = await registry.LatestAsync(cancel);
        return [.. latest.Where(d => d.Kind == kind && FeatureRights.Sees(actor, d, latest))];
    }

    /// <exception cref="SlipwayException">NotFound; Forbidden.</exception>
    public async Task<DefinitionDetail> GetAsync(Actor actor, DefinitionKind kind, string name, CancellationToken cancel)
    {
        var versions = await registry.VersionsAsync(kind, name, cancel);
        if (versions.Count == 0)
        {
            throw SlipwayException.NotFound($"There is no feature {EnumName.Of(kind)} '{name}'.");
        }

        rights.RequireSees(actor, versions[0], await registry.LatestAsync(cancel));
        return new DefinitionDetail(
            versions[0], versions.ConvertAll(v => new DefinitionVersion(v.Version, v.ContentHash, v.AppliedBy, v.Applied)),
            await usage.ConsumersAsync(actor, kind, name, null, cancel));
    }

    /// <summary>By kind, then name.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a type that there is not.</exception>
    public async Task<IReadOnlyList<FoundDefinition>> SearchAsync(Actor actor, DefinitionQuery query, CancellationToken cancel)
    {
        if (query.Type is { } type && !EnumName.TryParse<DataType>(type, out _) && !EnumName.TryParse<ViewKind>(type, out _))
        {
            throw SlipwayException.Invalid($"'{type}' is neither a data type nor a kind of view.");
        }

        var latest = await registry.LatestAsync(cancel);
        return
        [
            .. latest.Where(d => (query.Kind ?? d.Kind) == d.Kind && FeatureRights.Sees(actor, d, latest))
                .Select(d => Find(d, query)).OfType<FoundDefinition>(),
        ];
    }

    private static FoundDefinition? Find(StoredDefinition stored, DefinitionQuery query)
    {
        var whole = Whole(stored);
        var isOfKind = query.Type is null || whole.Type == query.Type;
        var features = whole.Features.Where(f => isOfKind || f.Type == query.Type).ToList();
        if (!Has(whole.Name, query.Text) && !Has(whole.Description ?? "", query.Text))
        {
            features = features.FindAll(f => Has(f.Name, query.Text));
            if (features.Count == 0)
            {
                return null;
            }
        }

        var found = (query.Tag is null || whole.Tags.Contains(query.Tag, StringComparer.OrdinalIgnoreCase))
            && (query.Owner is null || string.Equals(whole.Owner, query.Owner, StringComparison.OrdinalIgnoreCase))
            && (query.Entity is null || whole.Entities.Contains(query.Entity, StringComparer.OrdinalIgnoreCase))
            && (isOfKind || features.Count > 0);
        return found ? whole with { Features = features } : null;
    }

    private static FoundDefinition Whole(StoredDefinition stored)
    {
        switch (stored.Kind)
        {
            case DefinitionKind.Entity:
                var entity = Json.Read<EntityDefinition>(stored.Definition);
                return Of(stored, null, entity.Notes, [entity.Name], [.. entity.JoinKeys.Select(key => new FoundFeature(key.Name, key.Type.Text()))]);
            case DefinitionKind.View:
                var view = Json.Read<FeatureViewDefinition>(stored.Definition);
                return Of(
                    stored, EnumName.Of(view.Kind), view.Notes, view.Entities, [.. view.Features.Select(f => new FoundFeature(f.Name, f.Type.Text(), f.Deprecated))]);
            default:
                var service = Json.Read<FeatureServiceDefinition>(stored.Definition);
                var uses = (stored.Uses ?? []).Where(use => use.StartsWith("entity/", StringComparison.Ordinal))
                    .Select(use => FeatureReference.Parse(use["entity/".Length..]).Name);
                return Of(stored, null, service.Notes, [.. uses], [.. service.Features.SelectMany(Named)]);
        }
    }

    private static IEnumerable<FoundFeature> Named(FeatureSelection taken) => taken.Features.Count == 0
        ? [new FoundFeature(taken.View, null)]
        : taken.Features.Select(feature => new FoundFeature($"{taken.View}:{feature}", null));

    private static FoundDefinition Of(
        StoredDefinition stored, string? type, Notes notes, IReadOnlyList<string> entities, IReadOnlyList<FoundFeature> features) =>
        new(stored.Kind, stored.Name, stored.Version, type, notes.Description, notes.Owner, notes.Tags, entities, features, notes.Deprecated);

    private static bool Has(string text, string? sought) => sought is null || text.Contains(sought, StringComparison.OrdinalIgnoreCase);
}
