using DuckDB.NET.Data;
using Slipway.Core.Data;
using Slipway.Platform.Features.Definitions;

namespace Slipway.Tests.Features;

/// <summary>The definitions that ship with the flights example, on a handful of flights whose features are known by hand.</summary>
public sealed class FlightsExampleTests : IDisposable
{
    private const long Hour = 3_600_000_000;

    private readonly FeatureRepository repository = FeatureRepository.Load(Path.Combine(Root(), "examples", "flights", "features.yaml"));
    private readonly DuckDBConnection duckDb = new("Data Source=:memory:");

    // 750 miles take 130 minutes without delay.
    private readonly Table flights = new(
    [
        Column.Timestamp("date", [10 * Hour, 11 * Hour, 12 * Hour, 13 * Hour]),
        Column.Int64("delay", [50, -10, 20, -953]),
        Column.Int64("distance", [750, 750, 750, 750]),
        Column.String("origin", ["LAX", "LAX", "SFO", "EWR"]),
        Column.String("destination", ["ORD", "ORD", "ORD", "MCO"]),
    ]);

    public FlightsExampleTests()
    {
        duckDb.Open();
        Run("create table flights(date timestamp, delay bigint, distance bigint, origin varchar, destination varchar)");
        for (var i = 0; i < flights.Rows; i++)
        {
            Run($"""
                insert into flights values (make_timestamp({flights["date"].Longs[i]}), {flights["delay"].Longs[i]},
                    {flights["distance"].Longs[i]}, '{flights["origin"].Strings[i]}', '{flights["destination"].Strings[i]}')
                """);
        }
    }

    public void Dispose() => duckDb.Dispose();

    [Fact]
    public void A_flight_counts_from_its_landing_on_and_one_that_lands_before_it_leaves_not_at_all()
    {
        var projection = Projection("airport_arrivals");

        var rows = projection.Apply(flights);

        Assert.Equal([13 * Hour, 13 * Hour, (12 * Hour) + (150 * 60_000_000L)], rows["landed_at"].Longs);
        Assert.Equal([true, false, true], rows["late"].Bools);
        Assert.Equal(["ORD", "ORD", "ORD"], rows["airport"].Strings);
    }

    [Fact]
    public void Rows_in_memory_and_the_query_agree()
    {
        var projection = Projection("airport_departures");
        var rows = projection.Apply(flights);

        using var command = duckDb.CreateCommand();
        command.CommandText = $"select epoch_us(landed_at), late, airport, delay from ({projection.ToDuckDbSql("flights")}) order by date";
        using var reader = command.ExecuteReader();
        for (var i = 0; i < rows.Rows; i++)
        {
            Assert.True(reader.Read());
            Assert.Equal(rows["landed_at"].Longs[i], reader.GetInt64(0));
            Assert.Equal(rows["late"].Bools[i], reader.GetBoolean(1));
            Assert.Equal(rows["airport"].Strings[i], reader.GetString(2));
            Assert.Equal(rows["delay"].Longs[i], reader.GetInt64(3));
        }

        Assert.False(reader.Read());
    }

    [Fact]
    public void The_state_of_an_airport_is_that_of_the_flights_that_landed_there()
    {
        var view = repository.View("airport_arrivals");
        var projection = Projection(view.Name);
        var aggregator = StreamingWindows.Aggregator(repository, view, projection);

        aggregator.Add(projection.Apply(flights));
        var rows = aggregator.Advance(15 * Hour);

        // Two landings at 13:00 with 50 and −10 minutes, one at 14:30 with 20.
        Assert.Equal([13 * Hour, (14 * Hour) + (30 * 60_000_000L)], rows["event_timestamp"].Longs);
        Assert.Equal([20.0, 20.0], rows["mean_delay_3h"].Doubles);
        Assert.Equal([0.5, 2 / 3.0], rows["share_late_3h"].Doubles);
        Assert.Equal([2L, 3L], rows["flights_24h"].Longs);
    }

    [Fact]
    public void A_route_has_a_row_at_each_of_the_14_midnights_after_a_landing()
    {
        var view = repository.View("route_history");
        using var command = duckDb.CreateCommand();
        command.CommandText = BatchQuery.Sql(repository, view, view.Source!.Source.Columns, "flights") + " order by origin, event_timestamp";
        using var reader = command.ExecuteReader();
        var rows = new List<(string, string, DateTime, double, double, long)>();
        while (reader.Read())
        {
            rows.Add((reader.GetString(0), reader.GetString(1), reader.GetDateTime(2), reader.GetDouble(3), reader.GetDouble(4), reader.GetInt64(5)));
        }

        var midnights = Enumerable.Range(2, 14).Select(day => new DateTime(1970, 1, day)).ToList();
        Assert.Equal(
            [.. midnights.Select(m => ("LAX", "ORD", m, 20.0, 0.5, 2L)), .. midnights.Select(m => ("SFO", "ORD", m, 20.0, 1.0, 1L))], rows);
    }

    [Fact]
    public void The_services_give_what_a_model_takes()
    {
        Assert.Equal(4 + 3 + (4 * 6), repository.Service("flight_delay_v1").Features.Sum(s => repository.Selected(s).Count));
        Assert.Equal(4 + 3, repository.Service("flight_delay_baseline").Features.Sum(s => repository.Selected(s).Count));
    }

    [Fact]
    public void The_sample_that_ships_has_the_columns_its_source_declares()
    {
        var source = Assert.Single(repository.Sources);
        using var command = duckDb.CreateCommand();
        command.CommandText = $"select column_name, column_type from (describe select * from '{repository.PathOf(source)}')";
        using var reader = command.ExecuteReader();
        foreach (var column in source.Columns)
        {
            Assert.True(reader.Read());
            var type = column.Type switch { DataType.Int64 => "BIGINT", DataType.String => "VARCHAR", _ => "TIMESTAMP" };
            Assert.Equal((column.Name, type), (reader.GetString(0), reader.GetString(1)));
        }
    }

    private SourceProjection Projection(string view) =>
        new(repository.View(view).Source!, repository.View(view).Source!.Source.Columns);

    private void Run(string sql)
    {
        using var command = duckDb.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Slipway.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not inside the repository.");
        }

        return folder;
    }
}
