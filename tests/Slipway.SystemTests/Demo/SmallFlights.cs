using System.Text.Json.Nodes;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.SystemTests.Demo;

/// <summary>A job that ran to its end without a break.</summary>
internal sealed record FinishedDemo(JsonObject Summary, TempFolder Folder, TimeSpan Duration);

/// <summary>A source on which the demo takes seconds and goes all its ways, and one run of it. Both are made once, when first asked for.</summary>
public sealed class SmallFlights : IDisposable
{
    /// <summary>
    /// Every second route from ORD of the shipped sample, from 5 March to 5 May, changed twice, so that there is something to
    /// find: from 8 April on the flights between seven and eight are 45 minutes later, which a model trained before cannot know
    /// and its challenger learns; from 1 May on all flights of the day leave in that hour, which every monitor must notice.
    /// </summary>
    private const string Query =
        """
        with flights as (
          select * from read_parquet({0})
          where origin = 'ORD' and ascii(destination[2]) % 2 = 0 and date >= timestamp '2001-03-05' and date < timestamp '2001-05-06'),
        crowded as (
          select * replace (date_trunc('day', date) + interval 7 hour
            + to_minutes(cast(floor((hour(date) - 6) * 60 + minute(date)) / 12 as bigint)) as date)
          from flights where date >= timestamp '2001-05-01' and hour(date) between 6 and 17)
        select * replace (delay + case when hour(date) = 7 and date >= timestamp '2001-04-08' then 45 else 0 end as delay)
        from (select * from flights where date < timestamp '2001-05-01' union all select * from crowded)
        order by date, destination, delay
        """;

    private readonly TempFolder folder = new();
    private readonly Lazy<Task<string>> source;
    private readonly Lazy<Task<FinishedDemo>> unbroken;

    public SmallFlights()
    {
        source = new(MakeAsync);
        unbroken = new(RunAsync);
    }

    /// <summary>The Parquet file.</summary>
    public Task<string> SourceAsync() => source.Value;

    internal Task<FinishedDemo> UnbrokenAsync() => unbroken.Value;

    public void Dispose()
    {
        folder.Dispose();
        if (unbroken is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } run })
        {
            run.GetAwaiter().GetResult().Folder.Dispose();
        }
    }

    private async Task<string> MakeAsync()
    {
        var shipped = Path.Combine(AppContext.BaseDirectory, "examples", "flights", "data", "flights.parquet");
        var file = folder.Combine("small.parquet");
        using var analytics = new AnalyticsEngine(new AnalyticsOptions());
        await analytics.RunAsync(
            session =>
            {
                session.WriteParquet(Query.Replace("{0}", Sql.Text(shipped), StringComparison.Ordinal), file);
                return 0;
            },
            CancellationToken.None);
        return file;
    }

    private async Task<FinishedDemo> RunAsync()
    {
        var file = await SourceAsync();
        var state = new TempFolder();
        var summary = await DemoProcess.FinishAsync(file, state);
        return new FinishedDemo(summary, state, TimeSpan.FromSeconds(summary["seconds"]!["total"]!.GetValue<double>()));
    }
}
