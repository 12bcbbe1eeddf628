using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Core.Data;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Erasure;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Events;
using Slipway.Platform.Streaming;
using Slipway.TestKit;

namespace Slipway.Tests.Streaming;

/// <summary>
/// The shipped flights, replayed in event time: what is served at a departure equals, bit by bit, what a training set says about
/// the same flight afterwards.
/// </summary>
public sealed class SkewTests() : OnBothEngines(null)
{
    private const string Service = "flight_delay_v1";
    private const long Minute = 60_000_000;

    [Fact]
    public async Task Served_features_equal_those_of_the_training_set()
    {
        using var analytics = new AnalyticsEngine(new AnalyticsOptions());
        var (flights, sources) = await FlightsAsync(analytics);
        var registry = new FeatureRegistryService(Db, new AuditLog(Db, Time), Time);
        await registry.ApplyAsync(FeatureRepository.Load(Root("features.yaml")), new Actor("test", Role.Admin), Cancel);
        var history = new ViewHistory(analytics);
        var (store, log, signals, options) = (new OnlineStore(Db, new OnlineStoreOptions()), new EventLog(Db), new StreamSignals(), new StreamOptions());
        var streams = new StreamService(Db, log, registry, signals, options, Time);
        var online = new OnlineFeatures(registry, store, Time);
        var batch = new BatchMaterialisation(Db, registry, history, analytics, store, Time);

        // Ten days are history; the eleventh, in which also flights of the tenth land, is streamed.
        var start = Microseconds.From(new DateTime(2001, 1, 11));
        var materialisation = new StreamMaterialisation(log, registry, store, signals, Time);
        foreach (var view in new[] { "airport_arrivals", "airport_departures" })
        {
            await materialisation.MaterialiseAsync(view, flights, Microseconds.ToDateTimeOffset(start), Cancel);
        }

        await batch.MaterialiseBatchAsync("route_history", sources, Microseconds.ToDateTimeOffset(start), Cancel);
        using var processor = new StreamProcessor(Db, log, registry, store, signals, options, Time, NullLogger<StreamProcessor>.Instance);
        await processor.StartAsync(Cancel);
        var (entities, served) = await ReplayAsync(flights, start, streams, online);
        await processor.StopAsync(Cancel);

        var training = await new TrainingSetService(registry, analytics, new ErasureList(Db, registry)).BuildAsync(Service, entities, sources, Cancel);
        Assert.Equal(await CountAsync(analytics), entities.Rows);
        AssertSame(served, training.Select(served.Columns.Select(c => c.Name)));

        // The equality is of values, not of absences.
        Assert.All(served.Columns.Where(c => !c.Name.StartsWith("departure", StringComparison.Ordinal)),
            column => Assert.True(Enumerable.Range(0, column.Length).Count(row => !column.IsNull(row)) > served.Rows / 5));
    }

    /// <summary>Goes through a day's departures by the minute: first what has landed is pushed, then the features are read.</summary>
    private static async Task<(Table Entities, Table Served)> ReplayAsync(Table flights, long start, StreamService streams, OnlineFeatures online)
    {
        var (date, landed) = (flights["date"].Longs, Landed(flights));
        var landing = Enumerable.Range(0, flights.Rows).Where(i => landed[i] > start - (600 * Minute)).OrderBy(i => landed[i]).ToArray();
        var departures = Enumerable.Range(0, flights.Rows).Where(i => date[i] > start && date[i] <= start + (1440 * Minute))
            .GroupBy(i => date[i]).OrderBy(g => g.Key);
        var (entities, served, next) = (new List<Table>(), new List<Table>(), 0);
        foreach (var minute in departures)
        {
            var events = new List<NewEvent>();
            for (; next < landing.Length && landed[landing[next]] <= minute.Key; next++)
            {
                events.Add(Event(flights, landing[next], landed[landing[next]]));
            }

            await streams.PushAsync("flights", events, Microseconds.ToDateTimeOffset(minute.Key), wait: true, Cancel);
            var rows = flights.Take([.. minute]);
            rows = rows.With(rows["date"].Rename("event_timestamp"));
            entities.Add(rows);
            served.Add(await online.GetAsync(Service, rows, Cancel));
        }

        return (Platform.Features.TableParts.Join(entities), Platform.Features.TableParts.Join(served));
    }

    private static NewEvent Event(Table flights, int row, long landed) => new(
        $"flight-{row}", null, landed, Encoding.UTF8.GetBytes(
            $$"""
            {"date":"{{Microseconds.ToDateTime(flights["date"].Longs[row]):O}}","delay":{{flights["delay"].Longs[row]}},
             "distance":{{flights["distance"].Longs[row]}},"origin":"{{flights["origin"].Strings[row]}}","destination":"{{flights["destination"].Strings[row]}}"}
            """));

    private static long[] Landed(Table flights) => [.. Enumerable.Range(0, flights.Rows).Select(i => flights["date"].Longs[i]
        + (long)Math.Round(((flights["distance"].Longs[i] / 7.5) + 30 + flights["delay"].Longs[i]) * Minute, MidpointRounding.AwayFromZero))];

    private async Task<(Table Flights, Dictionary<string, SourceData> Sources)> FlightsAsync(AnalyticsEngine analytics)
    {
        var flights = await analytics.QueryAsync(
            $"""
            select date, delay::bigint as delay, distance::bigint as distance, origin, destination
            from read_parquet({Sql.Text(Root("data/flights.parquet"))}) where date < timestamp '2001-01-12'
            """,
            Cancel);
        var file = Folder.Combine("flights.parquet");
        await analytics.WriteParquetAsync(flights, file, Cancel);
        return (flights, new Dictionary<string, SourceData> { ["flights"] = SourceData.File(file) });
    }

    private static async Task<long> CountAsync(AnalyticsEngine analytics) => (await analytics.QueryAsync(
        $"""
        select count(*) as flights from read_parquet({Sql.Text(Root("data/flights.parquet"))})
        where date > timestamp '2001-01-11' and date < timestamp '2001-01-12'
        """,
        Cancel))["flights"].Longs[0];

    private static void AssertSame(Table expected, Table actual)
    {
        foreach (var (left, right) in expected.Columns.Zip(actual.Columns))
        {
            Assert.Equal((left.Name, left.Type, left.Length), (right.Name, right.Type, right.Length));
            for (var row = 0; row < left.Length; row++)
            {
                Assert.True(Equals(left.Value(row), right.Value(row)), $"{left.Name}[{row}]: served {left.Value(row)}, trained on {right.Value(row)}");
            }
        }
    }

    private static string Root(string file)
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Slipway.slnx")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return Path.Combine(folder, "examples", "flights", file);
    }
}
