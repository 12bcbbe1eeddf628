using System.Collections.Concurrent;
using System.Globalization;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>About how many runs experiments have, to judge how long a walk through them would be: counted once a minute.</summary>
internal sealed class RunCounts(TimeProvider time)
{
    /// <summary>Beyond it a walk is as long as it gets.</summary>
    private const int Most = 200_000;

    private const int MostKept = 1_000;
    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, (long Runs, long At)> counted = new(StringComparer.Ordinal);

    public async ValueTask<long> AboutAsync(DbSession session, long[] experiments, CancellationToken cancel)
    {
        var key = string.Join(',', experiments.Order());
        if (counted.TryGetValue(key, out var held) && time.GetElapsedTime(held.At) < Freshness)
        {
            return held.Runs;
        }

        var runs = await session.FirstAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"select count(*) from (select 1 from runs r where {RunCandidates.In("r", experiments)} limit {Most}) as counted"),
            null,
            row => row.GetInt64(0),
            cancel);
        if (counted.Count >= MostKept)
        {
            counted.Clear();
        }

        counted[key] = (runs, time.GetTimestamp());
        return runs;
    }
}
