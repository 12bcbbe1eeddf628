using System.Security.Cryptography;
using System.Text;
using Slipway.Core.Data;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;

namespace Slipway.Platform.Features.Erasure;

/// <summary>The entities that are erased, as of one change of the list. Only hashes: the list itself names nobody.</summary>
public sealed class ErasedKeys
{
    private readonly Dictionary<string, HashSet<byte[]>> byEntity;
    private readonly FeatureCatalog? catalog;

    internal ErasedKeys(long sequence, Dictionary<string, HashSet<byte[]>> byEntity, FeatureCatalog? catalog)
    {
        Sequence = sequence;
        this.byEntity = byEntity;
        this.catalog = catalog;
    }

    /// <summary>Grows with every change of the list.</summary>
    public long Sequence { get; }

    internal FeatureCatalog? Catalog => catalog;

    internal Dictionary<string, HashSet<byte[]>> ByEntity => byEntity;

    /// <summary>SHA-256 of the entity's name, a zero byte, and the key as <see cref="EntityKeys"/> encodes it.</summary>
    public static byte[] Hash(string entity, ReadOnlySpan<byte> key) => SHA256.HashData([.. Encoding.UTF8.GetBytes(entity), 0, .. key]);

    /// <param name="view">The key of a view's version.</param>
    public IReadOnlyList<OnlineRow> Without(string view, IReadOnlyList<OnlineRow> rows) =>
        Parts(view) is { } parts && Indices(rows, parts) is { Count: > 0 } erased
            ? [.. rows.Where((_, i) => !erased.Contains(i))]
            : rows;

    /// <summary>The keys of those rows that belong to an erased entity.</summary>
    public IReadOnlyList<byte[]> Erased(string view, IReadOnlyList<OnlineRow> rows) =>
        Parts(view) is { } parts ? [.. rows.Where(row => IsErased(row.Key, parts)).Select(row => row.Key)] : [];

    /// <summary>The rows that belong to an erased entity.</summary>
    /// <param name="keys">Those of the view, in its order, one value per row.</param>
    public IReadOnlyList<int> Rows(StoredView view, IReadOnlyList<Column> keys)
    {
        if (Parts(view.Key) is not { } parts)
        {
            return [];
        }

        var encoded = EntityKeys.Of(keys, keys[0].Length);
        return [.. Enumerable.Range(0, encoded.Count).Where(row => !encoded.IsMissing(row) && IsErased(encoded[row], parts))];
    }

    private HashSet<int> Indices(IReadOnlyList<OnlineRow> rows, List<KeyPart> parts) =>
        [.. Enumerable.Range(0, rows.Count).Where(i => IsErased(rows[i].Key, parts))];

    private bool IsErased(ReadOnlySpan<byte> key, List<KeyPart> parts)
    {
        foreach (var part in parts)
        {
            if (byEntity[part.Entity].Contains(Hash(part.Entity, EntityKeys.Part(key, part.First, part.Count))))
            {
                return true;
            }
        }

        return false;
    }

    /// <returns>The parts of the view's keys that name an entity of which some are erased; null for the common case of none.</returns>
    private List<KeyPart>? Parts(string view)
    {
        if (catalog is null)
        {
            return null;
        }

        var parts = catalog.KeyParts(view).Where(part => byEntity.ContainsKey(part.Entity)).ToList();
        return parts.Count == 0 ? null : parts;
    }
}
