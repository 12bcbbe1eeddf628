using System.Collections.Concurrent;
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
    /// <summary>How long a server on PostgreSQL may go on with definitions that another server has replaced.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private readonly AccessService access = new();
    private readonly Pulse changed = new();
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<string, FeatureCatalog> older = new(StringComparer.Ordinal);
    private Loaded? loaded;

    /// <summary>Completes when this process next sees other definitions. Take it before reading them.</summary>
    public Task Changed => changed.Next;

    /// <summary>What <see cref="ApplyAsync"/> would change.</summary>
    public Task<IReadOnlyList<DefinitionChange>> PlanAsync(FeatureRepository definitions, CancellationToken cancel) => db.ReadAsync(
        async session => (IReadOnlyList<DefinitionChange>)
            [.. (await DiffAsync(session, definitions, new Actor("plan", Role.Viewer), cancel)).Select(change => change.Change)],
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
                var diff = await DiffAsync(session, definitions, actor, cancel);
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
        await LoadAsync(cancel);
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
        return (catalog.IsLatest(plan) ? catalog : await OlderAsync(plan.Key, cancel)).Selections.Of(plan, fullNames);
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
        string[] pinned = [.. services.Where(service => service.Contains('@', StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal)];
        foreach (var service in pinned)
        {
            _ = await PartsAsync(session, service, cancel);
        }

        await FeatureRegistryStore.QueueAsync(session, cancel);
        var sequence = await FeatureRegistryStore.SequenceAsync(session, cancel) + 1;
        if (await FeatureRegistryStore.PinAsync(session, holder, pinned, sequence, cancel) > 0)
        {
            session.OnCommitted(Forget);
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

    /// <summary>The catalogue that knows the service.</summary>
    internal async ValueTask<FeatureCatalog> CatalogAsync(string service, CancellationToken cancel)
    {
        var catalog = await CatalogAsync(cancel);
        return catalog.HasService(service) || !service.Contains('@', StringComparison.Ordinal) ? catalog : await OlderAsync(service, cancel);
    }

    internal ValueTask<FeatureCatalog> CatalogAsync(CancellationToken cancel) =>
        Volatile.Read(ref loaded) is { IsStale: false } held && (db.Engine == DbEngine.Sqlite || time.GetElapsedTime(held.At) < Freshness)
            ? ValueTask.FromResult(held.Catalog)
            : new ValueTask<FeatureCatalog>(LoadAsync(cancel));

    private async Task<FeatureCatalog> LoadAsync(CancellationToken cancel)
    {
        var (held, at) = (Volatile.Read(ref loaded), time.GetTimestamp());
        var (sequence, definitions, pins) = await db.ReadAsync(
            async session =>
            {
                var now = await FeatureRegistryStore.SequenceAsync(session, cancel);
                return held?.Sequence == now
                    ? (now, null, [])
                    : (now, await FeatureRegistryStore.LatestAsync(session, cancel), await FeatureRegistryStore.PinsAsync(session, cancel));
            },
            cancel);
        var catalog = definitions is null ? held!.Catalog : await WithPinsAsync(FeatureCatalog.Compile(definitions), pins, cancel);
        if (Put(new Loaded(catalog, sequence, at)))
        {
            changed.Beat();
        }

        return catalog;
    }

    private async Task<FeatureCatalog> WithPinsAsync(FeatureCatalog latest, List<FeaturePins> pins, CancellationToken cancel)
    {
        var beside = new List<FeatureCatalog>();
        foreach (var service in pins.SelectMany(pin => pin.Services).Distinct().Where(service => !latest.HasService(service)))
        {
            beside.Add(await OlderAsync(service, cancel));
        }

        return beside.Count == 0 ? latest : latest.With(beside);
    }

    /// <summary>Somebody holds other versions: the next who asks looks, and those who wait for a change ask.</summary>
    private void Forget()
    {
        lock (gate)
        {
            Volatile.Write(ref loaded, loaded is null ? null : loaded with { IsStale = true });
        }

        changed.Beat();
    }

    /// <summary>Keeps the newest: a load that began before an apply may end after it.</summary>
    /// <returns>True when the definitions are others than before.</returns>
    private bool Put(Loaded fresh)
    {
        lock (gate)
        {
            var before = loaded;
            Volatile.Write(ref loaded, before?.Sequence > fresh.Sequence ? before : fresh);
            return before is not null && before.Sequence < fresh.Sequence;
        }
    }

    /// <summary>Of what is given, and of what is stored and builds on it: a service always stands for one set of versions.</summary>
    private async Task<List<(DefinitionChange Change, StoredDefinition Stored)>> DiffAsync(
        DbSession session, FeatureRepository definitions, Actor actor, CancellationToken cancel)
    {
        var stored = await FeatureRegistryStore.LatestAsync(session, cancel);
        var latest = stored.ToDictionary(d => (d.Kind, d.Name));
        var all = definitions.Over(FeatureCatalog.Repository(stored));
        _ = FeatureCatalog.Compile(all, (_, _) => 1);
        var given = DefinitionSet.Of(definitions);
        var moved = DefinitionSet.Of(all).Where(set => given.TrueForAll(g => (g.Kind, g.Name) != (set.Kind, set.Name))
            && latest[(set.Kind, set.Name)].ContentHash != set.Hash);
        var changes = given.Concat(moved).Select(set => (Set: set, Change: Change(set, latest.GetValueOrDefault((set.Kind, set.Name))))).ToList();
        var after = latest.ToDictionary(d => d.Key, d => d.Value.Version);
        changes.ForEach(c => after[(c.Change.Kind, c.Change.Name)] = c.Change.To);
        StatedVersions.Check(definitions, latest, changes.ConvertAll(c => c.Change));
        var now = time.GetUtcNow();
        return changes.ConvertAll(c => (Notices.On(c.Change, all, latest.GetValueOrDefault((c.Set.Kind, c.Set.Name)), c.Set.Json), new StoredDefinition(
            c.Set.Kind, c.Set.Name, c.Change.To, c.Set.Hash, c.Set.Json, actor.Name, now)
        {
            Uses = c.Set.Kind == DefinitionKind.Service ? all.Uses(all.Service(c.Set.Name), (kind, name) => after[(kind, name)]) : null,
        }));
    }

    private static DefinitionChange Change(DefinitionSet set, StoredDefinition? before)
    {
        var action = before is null ? ChangeAction.Create
            : before.ContentHash != set.Hash ? ChangeAction.Update
            : before.Definition != set.Json ? ChangeAction.Annotate
            : ChangeAction.Unchanged;
        var version = (before?.Version ?? 0) + (action is ChangeAction.Create or ChangeAction.Update ? 1 : 0);
        return new DefinitionChange(set.Kind, set.Name, action, before?.Version, version);
    }

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

    /// <summary>A version of a service that is not in force, with the very views that it was made of.</summary>
    private async Task<FeatureCatalog> OlderAsync(string service, CancellationToken cancel) =>
        older.TryGetValue(service, out var known) ? known
            : older[service] = FeatureCatalog.Compile(await db.ReadAsync(session => PartsAsync(session, service, cancel), cancel));

    /// <exception cref="SlipwayException">NotFound; FailedPrecondition for a version from before its views were kept.</exception>
    private static async Task<IReadOnlyList<StoredDefinition>> PartsAsync(DbSession session, string reference, CancellationToken cancel)
    {
        var (name, version) = FeatureReference.Parse(reference);
        var service = await FeatureRegistryStore.FindAsync(session, DefinitionKind.Service, name, version ?? 0, cancel)
            ?? throw SlipwayException.NotFound($"There is no version {version} of feature service '{name}'.");
        var parts = new List<StoredDefinition> { service };
        foreach (var use in service.Uses ?? throw new SlipwayException(
            ErrorKind.FailedPrecondition, $"Feature service '{reference}' is from before it was kept which views a version is made of."))
        {
            var (kind, part) = (use.Split('/')[0], FeatureReference.Parse(use.Split('/')[1]));
            parts.Add((await FeatureRegistryStore.FindAsync(
                session, EnumName.Parse<DefinitionKind>(kind, "kind of definition"), part.Name, part.Version!.Value, cancel))!);
        }

        return parts;
    }

    private sealed record Loaded(FeatureCatalog Catalog, long Sequence, long At)
    {
        public bool IsStale { get; init; }
    }
}
