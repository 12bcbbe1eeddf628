using System.Collections.Concurrent;
using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Monitoring;

/// <summary>Reference profiles: built from Parquet once, kept as blobs, held in memory while they are in use.</summary>
internal sealed class ReferenceLibrary(Db db, BlobStore blobs, AnalyticsEngine analytics, MonitoringOptions options, TimeProvider time)
{
    private const int MostInMemory = 16;

    private readonly ConcurrentDictionary<string, ReferenceProfile> loaded = new(StringComparer.Ordinal);

    /// <summary>Reads the source and stores its profile. The same source and definition give the same blob.</summary>
    /// <exception cref="SlipwayException">NotFound for the blob; Invalid when it is not Parquet or lacks a column.</exception>
    public async Task<ReferenceRow> BuildAsync(MonitorDefinition monitor, ReferenceSource source, CancellationToken cancel)
    {
        Limit.Name("A model version", source.ModelVersion, 128);
        IEnumerable<string> columns = [.. source.Inputs, source.Score, source.Label];
        columns = source.EventTime is { } time ? columns.Append(time) : columns;
        var table = await analytics.ReadParquetAsync(blobs.LocalPath(source.Blob), cancel, columns.Distinct());
        var profile = ReferenceBuilder.Build(table, source, monitor, options.ReferenceValues);
        using var content = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(profile, Json.Options), writable: false);
        var blob = await blobs.PutContentAsync(content, cancel);
        var summary = new ReferenceSummary(
            source.ModelVersion, profile.Rows, profile.LabelRate, profile.Quality, source.Blob, Now());
        return new(source, blob.Key, summary);
    }

    /// <returns>Null when the endpoint has no reference of this version.</returns>
    public async Task<ReferenceProfile?> FindAsync(string endpoint, string? version, CancellationToken cancel)
    {
        var row = version is null ? null : await db.ReadAsync(s => MonitorStore.FindReferenceAsync(s, endpoint, version, cancel), cancel);
        if (row is null)
        {
            return null;
        }

        if (loaded.TryGetValue(row.ProfileBlob, out var known))
        {
            return known;
        }

        await using var content = blobs.OpenRead(row.ProfileBlob);
        var profile = (await JsonSerializer.DeserializeAsync<ReferenceProfile>(content, Json.Options, cancel))!;
        if (loaded.Count >= MostInMemory)
        {
            loaded.Clear();
        }

        return loaded.GetOrAdd(row.ProfileBlob, profile);
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
