using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Slipway.Benchmarks;

/// <summary>
/// One artifact of 1 GiB up and down through a real server over loopback, driven by <see cref="HttpClient"/> from this process on
/// the same cores; what is acknowledged is hashed and on the disk. Beside it: the same bytes written and flushed to the same disk.
/// Budget: ≥ 200 MB/s each way, the server's memory grows by ≤ 64 MB.
/// </summary>
internal static class ArtifactsBenchmark
{
    private const long Bytes = 1L << 30;
    private const long WarmupBytes = 64L << 20;

    public static async Task<bool> RunAsync(CancellationToken cancel)
    {
        Console.WriteLine($"write and flush to the disk      {await DiskAsync(cancel),7:0} MB/s   the limit of an upload");
        await using var server = await TrackingServer.StartAsync(null, cancel);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}"), Timeout = Timeout.InfiniteTimeSpan };
        using var started = await http.PostAsJsonAsync("/api/v1/runs", new { experimentId = 0 }, cancel);
        var run = (await started.Content.ReadFromJsonAsync<JsonElement>(cancel)).GetProperty("id").GetString();
        var holds = true;
        foreach (var (name, url) in ((string, string)[])[
            ("native", $"/api/v1/runs/{run}/artifacts/big.bin"), ("MLflow proxy", $"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/big.bin")])
        {
            await UploadAsync(http, url, WarmupBytes, cancel);
            await DownloadAsync(http, url, WarmupBytes, cancel);
            var before = server.ResidentBytes;
            var up = await UploadAsync(http, url, Bytes, cancel);
            var down = await DownloadAsync(http, url, Bytes, cancel);
            var growth = Math.Max(0, server.PeakResidentBytes - before) / 1e6;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-12} 1 GiB up      {up,7:0} MB/s   down {down,7:0} MB/s   limit 200 MB/s   memory +{growth:0} MB, limit 64 MB"));
            holds &= up >= 200 && down >= 200 && growth <= 64;
        }

        return holds;
    }

    private static async Task<double> UploadAsync(HttpClient http, string url, long bytes, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        using var content = new PatternContent(bytes);
        using var answer = await http.PutAsync(new Uri(url, UriKind.Relative), content, cancel);
        answer.EnsureSuccessStatusCode();
        return bytes / 1e6 / watch.Elapsed.TotalSeconds;
    }

    private static async Task<double> DownloadAsync(HttpClient http, string url, long bytes, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        using var answer = await http.GetAsync(new Uri(url, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancel);
        await using var content = await answer.Content.ReadAsStreamAsync(cancel);
        var (buffer, total, read) = (new byte[1 << 18], 0L, 0);
        while ((read = await content.ReadAsync(buffer, cancel)) > 0)
        {
            total += read;
        }

        return total == bytes ? total / 1e6 / watch.Elapsed.TotalSeconds : throw new InvalidOperationException($"{total} of {bytes} bytes came back.");
    }

    private static async Task<double> DiskAsync(CancellationToken cancel)
    {
        var path = Path.GetTempFileName();
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write);
            var watch = Stopwatch.StartNew();
            for (long at = 0; at < Bytes; at += PatternContent.Block.Length)
            {
                await RandomAccess.WriteAsync(file, PatternContent.Block, at, cancel);
            }

            RandomAccess.FlushToDisk(file);
            return Bytes / 1e6 / watch.Elapsed.TotalSeconds;
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Bytes that no file system stores as a hole, without holding them.</summary>
    private sealed class PatternContent(long bytes) : HttpContent
    {
        public static readonly byte[] Block = [.. Enumerable.Range(0, 1 << 20).Select(i => (byte)(i * 31))];

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (long at = 0; at < bytes; at += Block.Length)
            {
                await stream.WriteAsync(Block);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = bytes;
            return true;
        }
    }
}
