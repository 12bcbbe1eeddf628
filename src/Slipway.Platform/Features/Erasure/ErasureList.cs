using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Erasure;

/// <summary>
/// Who is erased. Files and topics that feed features belong to others and still hold these entities; every join, every
/// materialisation and every stream leaves them out by this list.
/// </summary>
public sealed class ErasureList(Db db, FeatureRegistryService registry)
{
    private static readonly ErasedKeys None = new(0, [], null);

    private ErasedKeys? loaded;

    /// <summary>The list as it is now: on SQLite, where no other process changes it, from memory; on PostgreSQL one short query.</summary>
    public async ValueTask<ErasedKeys> CurrentAsync(CancellationToken cancel)
    {
        var held = Volatile.Read(ref loaded);
        if (held is null || db.Engine == DbEngine.Postgres)
        {
            var sequence = await db.ReadAsync(session => ErasureStore.SequenceAsync(session, cancel), cancel);
            held = held?.Sequence == sequence ? held : await LoadAsync(cancel);
        }

        if (held.ByEntity.Count == 0)
        {
            return held;
        }

        var catalog = await registry.CatalogAsync(cancel);
        if (held.Catalog != catalog)
        {
            held = new ErasedKeys(held.Sequence, held.ByEntity, catalog);
            Volatile.Write(ref loaded, held);
        }

        return held;
    }

    internal async Task<ErasedKeys> LoadAsync(CancellationToken cancel)
    {
        var (sequence, rows) = await db.ReadAsync(
            async session => (await ErasureStore.SequenceAsync(session, cancel), await ErasureStore.ErasedAsync(session, cancel)), cancel);
        var fresh = sequence == 0 ? None : new ErasedKeys(
            sequence,
            rows.GroupBy(row => row.Entity, StringComparer.Ordinal)
                .ToDictionary(entity => entity.Key, entity => entity.Select(row => row.Hash).ToHashSet(KeyBytes.Comparer), StringComparer.Ordinal),
            null);
        Volatile.Write(ref loaded, fresh);
        return fresh;
    }
}
