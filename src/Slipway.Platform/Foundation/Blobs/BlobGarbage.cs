using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Foundation.Blobs;

/// <summary>Finds blobs named by their content that nothing in the database names any more.</summary>
public sealed class BlobGarbage(Db db, BlobStore blobs, IEnumerable<BlobReferences> references)
{
    private readonly BlobReferences[] references = [.. references];

    /// <param name="before">
    /// Younger blobs are left alone: a blob is written before the row that names it is. At least as long ago as any writer takes
    /// between the two.
    /// </param>
    public async Task<IReadOnlyList<BlobEntry>> FindAsync(DateTimeOffset before, CancellationToken cancel)
    {
        // Files first: what is named after this look is younger than what the look found, or is found to be named.
        var unnamed = blobs.ContentBefore(before).ToDictionary(blob => blob.Path, StringComparer.Ordinal);
        foreach (var reference in unnamed.Count == 0 ? [] : references)
        {
            await db.QueryAsync(reference.Sql, null, row => Forget(unnamed, row.IsDBNull(0) ? "" : row.GetString(0)), cancel);
        }

        return [.. unnamed.Values.OrderBy(blob => blob.Path, StringComparer.Ordinal)];
    }

    /// <returns>False when it was put again since, or is gone.</returns>
    public bool Remove(BlobEntry blob, DateTimeOffset before) => blobs.DeleteIfBefore(blob.Path, before);

    private static bool Forget(Dictionary<string, BlobEntry> unnamed, string text)
    {
        foreach (var key in BlobReferences.KeysIn(text))
        {
            unnamed.Remove(key);
        }

        return true;
    }
}
