using System.Collections.Concurrent;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Registry;

/// <summary>What this process holds of the definitions: those in force, and older versions of services that somebody asked for.</summary>
internal sealed class HeldCatalogs(Db db, TimeProvider time)
{
    /// <summary>How long a server on PostgreSQL may go on with definitions that another server has replaced.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private readonly Pulse changed = new();
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<string, FeatureCatalog> older = new(StringComparer.Ordinal);
    private Loaded? loaded;

    /// <summary>Completes when this process next sees other definitions.</summary>
    public Task Changed => changed.Next;

    /// <summary>The catalogue that knows the service.</summary>
    public async ValueTask<FeatureCatalog> OfAsync(string service, CancellationToken cancel)
    {
        var catalog = await InForceAsync(cancel);
        return catalog.HasService(service) || !service.Contains('@', StringComparison.Ordinal) ? catalog : await OlderAsync(service, cancel);
    }

    /// <summary>The latest of everything, and beside them what somebody holds.</summary>
    public ValueTask<FeatureCatalog> InForceAsync(CancellationToken cancel) =>
        Volatile.Read(ref loaded) is { IsStale: false } held && (db.Engine == DbEngine.Sqlite || time.GetElapsedTime(held.At) < Freshness)
            ? ValueTask.FromResult(held.Catalog)
            : new ValueTask<FeatureCatalog>(LoadAsync(cancel));

    /// <summary>Looks at what is stored, which others may have changed, and takes it over.</summary>
    public async Task<FeatureCatalog> LoadAsync(CancellationToken cancel)
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

    /// <summary>A version of a service that is not in force, with the very views that it was made of.</summary>
    public async Task<FeatureCatalog> OlderAsync(string service, CancellationToken cancel) =>
        older.TryGetValue(service, out var known) ? known
            : older[service] = FeatureCatalog.Compile(await db.ReadAsync(session => PartsAsync(session, service, cancel), cancel));

    /// <summary>A version of a service and the versions of what it was made of.</summary>
    /// <exception cref="SlipwayException">NotFound; FailedPrecondition for a version from before its views were kept.</exception>
    public static async Task<IReadOnlyList<StoredDefinition>> PartsAsync(DbSession session, string reference, CancellationToken cancel)
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

    /// <summary>Somebody holds other versions: the next who asks looks, and those who wait for a change ask.</summary>
    public void Forget()
    {
        lock (gate)
        {
            Volatile.Write(ref loaded, loaded is null ? null : loaded with { IsStale = true });
        }

        changed.Beat();
    }

    private async Task<FeatureCatalog> WithPinsAsync(FeatureCatalog latest, List<FeaturePins> pins, CancellationToken cancel)
    {
        var beside = new List<FeatureCatalog>();
        foreach (var service in pins.SelectMany(pin => pin.Services).Distinct().Where(service => service.Contains('@', StringComparison.Ordinal) && !latest.HasService(service)))
        {
            beside.Add(await OlderAsync(service, cancel));
        }

        return beside.Count == 0 ? latest : latest.With(beside);
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

    private sealed record Loaded(FeatureCatalog Catalog, long Sequence, long At)
    {
        public bool IsStale { get; init; }
    }
}
