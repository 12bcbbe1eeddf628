using System.Globalization;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Registry;

namespace Slipway.Platform.Features.Registry;

/// <summary>The definitions that are in force, each with its versions, and what they compile to.</summary>
public sealed class FeatureRegistryService(Db db, AuditLog audit, TimeProvider time, LineageService? lineage = null)
{
    private readonly AccessService access = new();
    private readonly HeldCatalogs catalogs = new(db, time);

    /// <summary>Completes when this process next sees other definitions. Take it before reading them.</summary>
    public Task Changed => catalogs.Changed;

    /// <summary>What <see cref="ApplyAsync"/> would change.</summary>
    public Task<IReadOnlyList<DefinitionChange>> PlanAsync(FeatureRepository definitions, CancellationToken cancel) => db.ReadAsync(
        async session => (IReadOnlyList<DefinitionChange>)
            [.. (await DefinitionDiff.ReadAsync(session, definitions, new Actor("plan", Role.Viewer), time.GetUtcNow(), cancel)).Select(change => change.Change)],
        cancel);

    /// <summary>Stores the definitions: one whose content differs from its latest version becomes the next version.</summary>
    /// <remarks>
    /// Definitions that are stored and not given stay as they are: repositories of several teams share a registry. Those that build on
    /// what changed get a new version with it. What cannot be served is not stored.
    /// </remarks>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> with the reason when the definitions do not compile.</exception>
    public async Task<IReadOnlyList<DefinitionChange>> ApplyAsync(FeatureRepository definitions, Actor actor, CancellationToken cancel)
    {
        var changes = await db.WriteAsync(
            async session =>
            {
                await FeatureRegistryStore.QueueAsync(session, cancel);
                var diff = await DefinitionDiff.ReadAsync(session, definitions, actor, time.GetUtcNow(), cancel);
                var sequence = await FeatureRegistryStore.SequenceAsync(session, cancel);
                await RememberUsesAsync(session, cancel);
                await DefinitionRights.RequireAsync(session, access, actor, diff, cancel);
                await FeatureLineage.DrawAsync(session, lineage, diff.ConvertAll(d => d.Stored), cancel);
                foreach (var (change, stored) in diff.Where(d => d.Change.Action != ChangeAction.Unchanged))
                {
                    await FeatureRegistryStore.PutAsync(session, stored, ++sequence, cancel);
                    await audit.AppendAsync(
                        session, actor, $"feature_{EnumName.Of(change.Kind)}.{EnumName.Of(change.Action)}", $"{change.Name}@{change.To}",
                        null, cancel);
                }

                return diff.ConvertAll(d => d.Change);
            },
            cancel);
        await catalogs.LoadAsync(cancel);
        return changes;
    }

    /// <param name="service">A name, for the version in force, or <c>name@3</c>, for one that stays as it is.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> naming the services there are.</exception>
    public async ValueTask<ServicePlan> GetServiceAsync(string service, CancellationToken cancel) =>
        (await CatalogAsync(service, cancel)).Service(service);

    /// <inheritdoc cref="GetServiceAsync(string, CancellationToken)"/>
    /// <param name="fullNames">Whether columns are named after their views as well, whatever the service says.</param>
    public async ValueTask<ServicePlan> GetServiceAsync(string name, bool fullNames, CancellationToken cancel)
    {
        var catalog = await CatalogAsync(name, cancel);
        var plan = catalog.Service(name);
        return (catalog.IsLatest(plan) ? catalog : await catalogs.OlderAsync(plan.Key, cancel)).Selections.Of(plan, fullNames);
    }

    /// <summary>A plan for features that no service groups. Where two would have one name, its <see cref="ServicePlan.Clash"/> says so.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> for a view or feature that is not there.</exception>
    public async ValueTask<ServicePlan> SelectAsync(IReadOnlyList<FeatureSelection> features, bool fullNames, CancellationToken cancel) =>
        (await CatalogAsync(cancel)).Selections.Of(features, fullNames);

    /// <summary>The definition in force and its version; null when there is none.</summary>
    public async ValueTask<(FeatureViewDefinition View, int Version)?> FindViewAsync(string name, CancellationToken cancel) =>
        (await CatalogAsync(cancel)).Selections.View(name);

    /// <summary>The definition in force; null when there is none.</summary>
    public async ValueTask<EntityDefinition?> FindEntityAsync(string name, CancellationToken cancel) =>
        (await CatalogAsync(cancel)).Selections.Entity(name);

    /// <summary>
    /// What a model is pinned to that takes its features from the service now: the version in force, and those of its views. Null for a
    /// service that is not known here.
    /// </summary>
    /// <exception cref="SlipwayException">Forbidden for one who may not read what the model would be given; NotFound for a version.</exception>
    public async ValueTask<PinnedFeatures?> PinAsync(Actor actor, string service, CancellationToken cancel)
    {
        var catalog = await CatalogAsync(cancel);
        if (FeatureReference.Parse(service).Version is null && !catalog.HasService(service))
        {
            // It may be made later, of views that nobody knows yet.
            access.Require(actor, Role.Viewer, $"service/{service}");
            return null;
        }

        var plan = await GetServiceAsync(service, cancel);
        foreach (var view in plan.Views)
        {
            access.RequireOn(AccessScope.OfView(view), actor, Role.Viewer, $"view/{view}");
        }

        return new PinnedFeatures(plan.Key, plan.Lookups.Select(lookup => lookup.View).DistinctBy(view => view.Name).ToDictionary(
            view => view.Name, view => view.Version.ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal));
    }

    /// <summary>Lets the views of the services go on being filled for as long as the holder says so, whatever is applied meanwhile.</summary>
    /// <param name="services">As <c>flight_delay@3</c>, in place of what the holder held; one without a version follows what is in force.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> for a version that there is not.</exception>
    public async Task HoldAsync(DbSession session, string holder, IReadOnlyList<string> services, CancellationToken cancel)
    {
        string[] held = [.. services.Distinct().Order(StringComparer.Ordinal)];
        foreach (var service in held.Where(service => service.Contains('@', StringComparison.Ordinal)))
        {
            _ = await HeldCatalogs.PartsAsync(session, service, cancel);
        }

        await FeatureRegistryStore.QueueAsync(session, cancel);
        var sequence = await FeatureRegistryStore.SequenceAsync(session, cancel) + 1;
        if (await FeatureRegistryStore.PinAsync(session, holder, held, sequence, cancel) > 0)
        {
            session.OnCommitted(catalogs.Forget);
        }
    }

    /// <summary>Who keeps which versions of services alive.</summary>
    public Task<List<FeaturePins>> PinsAsync(CancellationToken cancel) =>
        db.ReadAsync(session => FeatureRegistryStore.PinsAsync(session, cancel), cancel);

    /// <summary>What a view's name stands for when it is to be filled: the version in force, then each that somebody holds beside it.</summary>
    /// <param name="view">A name, or <c>name@2</c> for this one alone.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> naming the views there are.</exception>
    public async ValueTask<IReadOnlyList<SourcedView>> InUseAsync(string view, CancellationToken cancel) => (await CatalogAsync(cancel)).InUse(view);

    /// <summary>Those in force, then the versions that somebody holds beside them.</summary>
    public async ValueTask<IReadOnlyList<WindowedView>> StreamingViewsAsync(CancellationToken cancel) => (await CatalogAsync(cancel)).Windowed;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> naming the views there are.</exception>
    public async ValueTask<WindowedView> StreamingViewAsync(string name, CancellationToken cancel) => (await CatalogAsync(cancel)).Streaming(name);

    /// <summary>Every view whose values are stored, and where its rows come from: those in force, then the versions held beside them.</summary>
    public async ValueTask<IReadOnlyList<SourcedView>> StoredViewsAsync(CancellationToken cancel) => (await CatalogAsync(cancel)).Sourced;

    /// <summary>The latest version of every definition of a kind, by name.</summary>
    public async Task<IReadOnlyList<StoredDefinition>> ListAsync(DefinitionKind kind, CancellationToken cancel) =>
        [.. (await LatestAsync(cancel)).Where(d => d.Kind == kind)];

    /// <summary>By kind, then name.</summary>
    internal Task<List<StoredDefinition>> LatestAsync(CancellationToken cancel) =>
        db.ReadAsync(session => FeatureRegistryStore.LatestAsync(session, cancel), cancel);

    /// <summary>Every version of every definition that was ever in force.</summary>
    internal Task<List<StoredDefinition>> AllAsync(CancellationToken cancel) =>
        db.ReadAsync(session => FeatureRegistryStore.AllAsync(session, cancel), cancel);

    /// <summary>Newest first.</summary>
    public Task<List<StoredDefinition>> VersionsAsync(DefinitionKind kind, string name, CancellationToken cancel) =>
        db.ReadAsync(session => FeatureRegistryStore.VersionsAsync(session, kind, name, cancel), cancel);

    /// <inheritdoc cref="HeldCatalogs.OfAsync(string, CancellationToken)"/>
    internal ValueTask<FeatureCatalog> CatalogAsync(string service, CancellationToken cancel) => catalogs.OfAsync(service, cancel);

    internal ValueTask<FeatureCatalog> CatalogAsync(CancellationToken cancel) => catalogs.InForceAsync(cancel);

    /// <summary>Services that were stored before it was kept what they are made of: until now, of the latest.</summary>
    private static async Task RememberUsesAsync(DbSession session, CancellationToken cancel)
    {
        var stored = await FeatureRegistryStore.LatestAsync(session, cancel);
        var (all, versions) = (FeatureCatalog.Repository(stored), stored.ToDictionary(d => (d.Kind, d.Name), d => d.Version));
        foreach (var service in stored.Where(d => d.Kind == DefinitionKind.Service && d.Uses is null))
        {
            var uses = all.Uses(all.Service(service.Name), (kind, name) => versions[(kind, name)]);
            await FeatureRegistryStore.SetUsesAsync(session, service with { Uses = uses }, cancel);
        }
    }
}
