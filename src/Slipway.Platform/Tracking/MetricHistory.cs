using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>The points of metrics over time, of one run and of many.</summary>
internal sealed class MetricHistory(Db db, AccessService access)
{
    public async Task<Page<MetricPoint>> PageAsync(
        Actor actor, string runId, string key, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of a metric's history", limit, 1, TrackingLimits.HistoryPage);
        var query = Json.Write(new[] { "history", runId, key });
        var after = pageToken is null ? BeforeAll(key) : PageToken.Read<MetricRow>(pageToken, query);
        await MetricLog.SettleAsync(db, [runId], cancel);
        var rows = await db.ReadAsync(
            async session =>
            {
                await access.RequireInRunAsync(session, runId, actor, Role.Viewer, cancel);
                if (await RunStore.FindAsync(session, runId, cancel) is null)
                {
                    throw SlipwayException.NotFound($"There is no run '{runId}'.");
                }

                return await MetricStore.HistoryAsync(session, runId, after, long.MaxValue, limit + 1, cancel);
            },
            cancel);
        var page = PageToken.Cut(rows, limit, query, row => row);
        return new Page<MetricPoint>([.. page.Items.Select(row => row.ToPoint())], page.NextPageToken);
    }

    public async Task<IReadOnlyList<RunMetricPoint>> BulkAsync(
        Actor actor, IReadOnlyList<string> runIds, string key, int limit, CancellationToken cancel)
    {
        Limit.Range("The number of points", limit, 1, TrackingLimits.HistoryPage);
        return await ReadAsync(
            actor,
            runIds,
            (session, run, found) => found >= limit
                ? Task.FromResult(new List<MetricRow>())
                : MetricStore.HistoryAsync(session, run, BeforeAll(key), long.MaxValue, limit - found, cancel),
            cancel);
    }

    public async Task<IReadOnlyList<RunMetricPoint>> IntervalAsync(
        Actor actor, IReadOnlyList<string> runIds, string key, (long First, long Last)? steps, int perRun, CancellationToken cancel)
    {
        Limit.Range("The number of steps of a run", perRun, 1, TrackingLimits.IntervalSteps);
        var (first, last) = steps ?? (long.MinValue, long.MaxValue);
        if (first > last)
        {
            throw SlipwayException.Invalid($"The first step must not be beyond the last; got {first} and {last}.");
        }

        return await ReadAsync(
            actor, runIds, (session, run, _) => MetricStore.SampleAsync(session, run, key, (first, last), perRun, cancel), cancel);
    }

    /// <param name="read">Gives the points of a run, from how many points were found before it.</param>
    private async Task<IReadOnlyList<RunMetricPoint>> ReadAsync(
        Actor actor, IReadOnlyList<string> runIds, Func<DbSession, string, int, Task<List<MetricRow>>> read, CancellationToken cancel)
    {
        Limit.Range("The number of runs", runIds.Count, 1, TrackingLimits.BulkRuns);
        List<string> runs = [.. runIds.Distinct(StringComparer.Ordinal)];
        await MetricLog.SettleAsync(db, runs, cancel);
        return await db.ReadAsync(
            async session =>
            {
                var points = new List<RunMetricPoint>();
                foreach (var run in runs)
                {
                    if (await RunStore.FindAsync(session, run, cancel) is not null)
                    {
                        await access.RequireInRunAsync(session, run, actor, Role.Viewer, cancel);
                        points.AddRange((await read(session, run, points.Count)).Select(row => new RunMetricPoint(run, row.ToPoint())));
                    }
                }

                return points;
            },
            cancel);
    }

    private static MetricRow BeforeAll(string key) => new(key, long.MinValue, long.MinValue, int.MinValue, 0);
}
