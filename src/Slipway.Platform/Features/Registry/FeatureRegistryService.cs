using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Registry;

/// <summary>The definitions that are in force, each with its versions, and what they compile to.</summary>
public sealed class FeatureRegistryService(Db db, AuditLog audit, TimeProvider time)
{
    /// <summary>How long a server on PostgreSQL may go on with definitions that another server has replaced.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private readonly Pulse changed = new();
    private readonly Lock gate = new();
    private Loaded? loaded;

    /// <summary>Completes when this process next sees other definitions. Take it before reading them.</summary>
    public Task Changed => changed.Next;

    /// <summary>What <see cref="ApplyAsync"/> would change.</summary>
    public Task<IReadOnlyList<DefinitionChange>> PlanAsync(FeatureRepository definitions, CancellationToken cancel) => db.ReadAsync(
        async session => (IReadOnlyList<DefinitionChange>)
            [.. (await DiffAsync(session, definitions, new Actor("plan", Role.Viewer), cancel)).Select(change => change.Change)],
        cancel);

    /// <summary>Stores the definitions: one whose content differs from its latest version becomes the next version.</summary>
    /// <remarks>Definitions that are stored and not given stay as they are: repositories of several teams share a registry.</remarks>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> with the reason when the definitions do not compile.</exception>
    public async Task<IReadOnlyList<DefinitionChange>> ApplyAsync(FeatureRepository definitions, Actor actor, CancellationToken cancel)
    {
        var changes = await db.WriteAsync(
            async session =>
            {
                var diff = await DiffAsync(session, definitions, actor, cancel);
                var sequence = await FeatureRegistryStore.SequenceAsync(session, cancel);
                foreach (var (change, stored) in diff.Where(d => d.Change.Action != ChangeAction.Unchanged))
                {
                    await FeatureRegistryStore.PutAsync(session, stored, ++sequence, cancel);
                    await audit.AppendAsync(
                        session, actor, $"feature_{EnumName.Of(change.Kind)}.{EnumName.Of(change.Action)}", $"{change.Name}@{change.To}",
                        null, cancel);
                }

                // What cannot be served must not be stored.
                _ = FeatureCatalog.Compile(await FeatureRegistryStore.LatestAsync(session, cancel));
                return diff.ConvertAll(d => d.Change);
            },
            cancel);
        await LoadAsync(cancel);
        return changes;
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> naming the services there are.</exception>
    public async ValueTask<ServicePlan> GetServiceAsync(string name, CancellationToken cancel) => (await CatalogAsync(cancel)).Service(name);

    /// <inheritdoc cref="GetServiceAsync(string, CancellationToken)"/>
    /// <param name="fullNames">Whether columns are named after their views as well, whatever the service says.</param>
    public async ValueTask<ServicePlan> GetServiceAsync(string name, bool fullNames, CancellationToken cancel)
    {
        var catalog = await CatalogAsync(cancel);
        return catalog.Selections.Of(catalog.Service(name), fullNames);
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

    public async ValueTask<IReadOnlyList<WindowedView>> StreamingViewsAsync(CancellationToken cancel) => (await CatalogAsync(cancel)).Windowed;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> naming the views there are.</exception>
    public async ValueTask<WindowedView> StreamingViewAsync(string name, CancellationToken cancel) => (await CatalogAsync(cancel)).Streaming(name);

    /// <summary>The latest version of every view whose values are stored, and where its rows come from.</summary>
    public async ValueTask<IReadOnlyList<SourcedView>> StoredViewsAsync(CancellationToken cancel) => (await CatalogAsync(cancel)).Sourced;

    /// <summary>The latest version of every definition of a kind, by name.</summary>
    public async Task<IReadOnlyList<StoredDefinition>> ListAsync(DefinitionKind kind, CancellationToken cancel) =>
        [.. (await db.ReadAsync(session => FeatureRegistryStore.LatestAsync(session, cancel), cancel)).Where(d => d.Kind == kind)];

    /// <summary>Newest first.</summary>
    public Task<List<StoredDefinition>> VersionsAsync(DefinitionKind kind, string name, CancellationToken cancel) =>
        db.ReadAsync(session => FeatureRegistryStore.VersionsAsync(session, kind, name, cancel), cancel);

    internal ValueTask<FeatureCatalog> CatalogAsync(CancellationToken cancel) =>
        Volatile.Read(ref loaded) is { } held && (db.Engine == DbEngine.Sqlite || time.GetElapsedTime(held.At) < Freshness)
            ? ValueTask.FromResult(held.Catalog)
            : new ValueTask<FeatureCatalog>(LoadAsync(cancel));

    private async Task<FeatureCatalog> LoadAsync(CancellationToken cancel)
    {
        var (held, at) = (Volatile.Read(ref loaded), time.GetTimestamp());
        var (sequence, definitions) = await db.ReadAsync(
            async session =>
            {
                var now = await FeatureRegistryStore.SequenceAsync(session, cancel);
                return (now, held?.Sequence == now ? null : await FeatureRegistryStore.LatestAsync(session, cancel));
            },
            cancel);
        var catalog = definitions is null ? held!.Catalog : FeatureCatalog.Compile(definitions);
        if (Put(new Loaded(catalog, sequence, at)))
        {
            changed.Beat();
        }

        return catalog;
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

    private async Task<List<(DefinitionChange Change, StoredDefinition Stored)>> DiffAsync(
        DbSession session, FeatureRepository definitions, Actor actor, CancellationToken cancel)
    {
        var latest = (await FeatureRegistryStore.LatestAsync(session, cancel)).ToDictionary(d => (d.Kind, d.Name));
        var now = time.GetUtcNow();
        return DefinitionSet.Of(definitions).ConvertAll(given =>
        {
            var before = latest.GetValueOrDefault((given.Kind, given.Name));
            var action = before is null ? ChangeAction.Create
                : before.ContentHash != given.Hash ? ChangeAction.Update
                : before.Definition != given.Json ? ChangeAction.Annotate
                : ChangeAction.Unchanged;
            var version = (before?.Version ?? 0) + (action is ChangeAction.Create or ChangeAction.Update ? 1 : 0);
            return (
                new DefinitionChange(given.Kind, given.Name, action, before?.Version, version),
                new StoredDefinition(given.Kind, given.Name, version, given.Hash, given.Json, actor.Name, now));
        });
    }

    private sealed record Loaded(FeatureCatalog Catalog, long Sequence, long At);
}
