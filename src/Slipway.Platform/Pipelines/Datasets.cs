using Slipway.Core.Data;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Registry;

namespace Slipway.Platform.Pipelines;

/// <summary>A snapshot of a dataset: a Parquet file that is named by its content, so it can never change.</summary>
/// <param name="Sha256">Of the file, 64 hex digits: equal data, equal digest.</param>
public sealed record DatasetSnapshot(string Name, string Key, string Sha256, long Rows)
{
    /// <summary>How lineage names it.</summary>
    internal LineageNode Node => LineageNode.Dataset(Name, Sha256[..36]);
}

/// <summary>Writes and reads dataset snapshots in the blob store.</summary>
public sealed class Datasets(BlobStore blobs, AnalyticsEngine analytics, Scratch scratch)
{
    public async Task<DatasetSnapshot> PutAsync(string name, Table table, CancellationToken cancel)
    {
        using var folder = scratch.Open();
        var file = folder.File("table.parquet");
        await analytics.WriteParquetAsync(table, file, cancel);
        return await PutFileAsync(name, file, table.Rows, cancel);
    }

    public async Task<DatasetSnapshot> PutFileAsync(string name, string file, long rows, CancellationToken cancel)
    {
        await using var content = File.OpenRead(file);
        var blob = await blobs.PutContentAsync(content, cancel);
        return new DatasetSnapshot(name, blob.Key, blob.Sha256, rows);
    }

    public Task<Table> ReadAsync(DatasetSnapshot dataset, CancellationToken cancel, IEnumerable<string>? columns = null) =>
        analytics.ReadParquetAsync(PathOf(dataset), cancel, columns);

    /// <summary>The local file, for natives that read Parquet themselves. Not to be written.</summary>
    public string PathOf(DatasetSnapshot dataset) => blobs.LocalPath(dataset.Key);
}
