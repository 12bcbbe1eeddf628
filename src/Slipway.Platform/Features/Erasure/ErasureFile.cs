using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Erasure;

/// <summary>The list of who is erased, for work on files alone: in Parquet or CSV, by the join keys of an entity.</summary>
internal static class ErasureFile
{
    private const int BlockRows = 100_000;

    /// <param name="files">By the name of an entity.</param>
    /// <returns>Null where no file is given.</returns>
    /// <exception cref="SlipwayException">NotFound for an entity or file; Invalid naming the column or row that is wrong.</exception>
    public static async Task<ErasedKeys?> ReadAsync(
        IReadOnlyDictionary<string, string> files, FeatureRepository repository, FeatureCatalog catalog, AnalyticsEngine analytics, CancellationToken cancel)
    {
        if (files.Count == 0)
        {
            return null;
        }

        var byEntity = new Dictionary<string, HashSet<byte[]>>(StringComparer.Ordinal);
        foreach (var (name, file) in files)
        {
            var entity = repository.Entities.FirstOrDefault(entity => entity.Name == name) ?? throw SlipwayException.NotFound(
                $"There is no entity '{name}'; there are {string.Join(", ", repository.Entities.Select(entity => entity.Name))}.");
            byEntity[name] = await analytics.RunAsync(session => Hashes(session, entity, file), cancel);
        }

        return new ErasedKeys(1, byEntity, catalog);
    }

    private static HashSet<byte[]> Hashes(AnalyticsSession session, EntityDefinition entity, string file)
    {
        var (hashes, opened) = (new HashSet<byte[]>(KeyBytes.Comparer), EntityFile.Open(session, file, entity.JoinKeys, toCsv: false));
        Table block;
        var from = 0L;
        do
        {
            block = opened.Read(session, from, BlockRows);
            var keys = EntityKeys.Of([.. entity.JoinKeys.Select(key => block[key.Name])], block.Rows);
            for (var row = 0; row < block.Rows; row++)
            {
                hashes.Add(!keys.IsMissing(row) ? ErasedKeys.Hash(entity.Name, keys[row]) : throw SlipwayException.Invalid(
                    $"'{file}', row {from + row + 1}: a key of entity '{entity.Name}' is null, so nobody knows who is erased."));
            }

            from += block.Rows;
        }
        while (block.Rows == BlockRows);
        return hashes;
    }
}
