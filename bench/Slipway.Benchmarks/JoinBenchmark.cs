using System.Diagnostics;
using System.Globalization;
using Slipway.Core.Data;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Benchmarks;

/// <summary>
/// <c>slipway features join</c> over Parquet with ties of event and created times and nulls, beside DuckDB's ASOF join, which first takes
/// the winner of each tie because ASOF takes any. Both read the same files, use all cores and write Parquet; equal checksums.
/// </summary>
internal static class JoinBenchmark
{
    private const int Rounds = 5;
    private const double RatioLimit = 0.5;
    private const double MemoryLimitMegabytes = 4096;

    /// <summary>100,000 entity rows × 3 views × 1,000,000 rows. Budget: half of DuckDB's time.</summary>
    public static async Task<bool> RunAsync(CancellationToken cancel)
    {
        using var data = new JoinData(entityRows: 100_000, viewRows: 1_000_000, keys: 10_000);
        using var analytics = new AnalyticsEngine(new AnalyticsOptions());
        await data.WriteAsync(analytics, cancel);
        var (own, peer) = (new List<double>(), new List<double>());
        for (var round = 0; round <= Rounds; round++)
        {
            var (ours, theirs) = (
                await MillisecondsAsync(() => new FileJoin(analytics).RunAsync(data.Request, cancel)),
                await MillisecondsAsync(() => data.AsofAsync(analytics, cancel)));
            if (round > 0)
            {
                own.Add(ours);
                peer.Add(theirs);
            }
        }

        var equal = await data.ChecksumAsync(analytics, data.Own, cancel) == await data.ChecksumAsync(analytics, data.Peer, cancel);
        var ratio = Median(own) / Median(peer);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"join        100,000 rows × 3 views × 1,000,000 rows: {Median(own):0} ms   DuckDB ASOF {Median(peer):0} ms   ratio {ratio:0.00}; limit {RatioLimit}: {Verdict(ratio <= RatioLimit)}; checksums {(equal ? "equal" : "DIFFER")}"));
        return ratio <= RatioLimit && equal;
    }

    /// <summary>10,000,000 entity rows × 3 views × 10,000,000 rows by the command itself. Budget: 4 GB of resident memory at its peak.</summary>
    public static async Task<bool> LargeAsync(CancellationToken cancel)
    {
        using var data = new JoinData(entityRows: 10_000_000, viewRows: 10_000_000, keys: 1_000_000);
        using var analytics = new AnalyticsEngine(new AnalyticsOptions());
        await data.WriteAsync(analytics, cancel);
        var peak = 0L;
        var seconds = await MillisecondsAsync(async () => peak = await PeakBytesAsync(data, cancel)) / 1000;
        var rows = (await analytics.QueryAsync($"select count(*), count(f1) from read_parquet({Sql.Text(data.Own)})", cancel)).Columns;
        var megabytes = peak / 1048576.0;
        var holds = megabytes <= MemoryLimitMegabytes && rows[0].Longs[0] == data.EntityRows;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"join-large  10,000,000 rows × 3 views × 10,000,000 rows: {seconds:0.0} s, {rows[1].Longs[0]} matched, peak {megabytes:0} MB; limit {MemoryLimitMegabytes:0} MB: {Verdict(holds)}"));
        return holds;
    }

    private static async Task<long> PeakBytesAsync(JoinData data, CancellationToken cancel)
    {
        string[] command =
        [
            Path.Combine(AppContext.BaseDirectory, "slipway.dll"), "features", "join", "--repo", data.Request.Repository,
            "--entities", data.Request.Entities, "--features", string.Join(',', data.Request.Features), "--out", data.Request.Output,
        ];
        using var process = Process.Start(new ProcessStartInfo("dotnet", command))!;
        var peak = 0L;
        while (!process.HasExited)
        {
            peak = Math.Max(peak, PeakOf(process));
            await Task.WhenAny(process.WaitForExitAsync(cancel), Task.Delay(50, cancel));
        }

        return process.ExitCode == 0 ? peak : throw new InvalidOperationException($"slipway features join ended with {process.ExitCode}.");
    }

    /// <summary>The high-water mark that the kernel keeps; 0 when the process is gone.</summary>
    private static long PeakOf(Process process)
    {
        try
        {
            process.Refresh();
            return process.PeakWorkingSet64;
        }
        catch (InvalidOperationException)
        {
            return 0;
        }
    }

    private static async Task<double> MillisecondsAsync(Func<Task> work)
    {
        var watch = Stopwatch.StartNew();
        await work();
        return watch.Elapsed.TotalMilliseconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string Verdict(bool holds) => holds ? "holds" : "MISSED";
}
