namespace Slipway.SystemTests.Features;

/// <summary><c>slipway features join</c> on rows small enough to join by hand: the rules of a point-in-time join, one by one.</summary>
public sealed class JoinTests : IDisposable
{
    private readonly JoinFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>A view of prices by item, with a created time, from CSV.</summary>
    private void Prices(string rows, string ttl = "0", string extra = "")
    {
        folder.Write("features.yaml", $$"""
            entities:
              - {name: item, join_keys: [{name: item, type: string}]}
            feature_views:
              - name: prices
                kind: batch
                entities: [item]
                ttl: {{ttl}}
                source: {path: prices.csv, created_timestamp: created}
                features: [{name: price, type: int64}]
            {{extra}}
            """);
        folder.Write("prices.csv", "item,event_timestamp,created,price\n" + rows);
    }

    [Fact]
    public async Task Rows_keep_their_order_their_duplicates_and_their_text_and_get_the_latest_value_known()
    {
        Prices("""
            a,2024-01-01T10:00:00Z,,1
            a,2024-01-01T12:00:00Z,,2
            b,2024-01-01T11:00:00Z,,3
            """);

        var lines = await folder.JoinAsync("""
            id,item,event_timestamp,note
            007,b,2024-01-01T11:00:00Z,"x, y"
            1.50,a,2024-01-01T11:59:59.999999Z,
            2,a,2024-01-01T12:00:00Z,""
            2,a,2024-01-01T12:00:00Z,""
            3,a,2024-01-01T09:59:59.999999Z,z
            4,,2024-01-01T12:00:00Z,null key
            5,a,,null time
            """, "--features", "prices:price");

        Assert.Equal(
            [
                "id,item,event_timestamp,note,price",
                "007,b,2024-01-01T11:00:00Z,\"x, y\",3",
                "1.50,a,2024-01-01T11:59:59.999999Z,,1",
                "2,a,2024-01-01T12:00:00Z,\"\",2",
                "2,a,2024-01-01T12:00:00Z,\"\",2",
                "3,a,2024-01-01T09:59:59.999999Z,z,",
                "4,,2024-01-01T12:00:00Z,null key,",
                "5,a,,null time,",
            ],
            lines);
    }

    [Fact]
    public async Task A_time_is_an_instant_whatever_its_offset_and_without_one_it_is_UTC()
    {
        Prices("""
            a,2024-01-01T12:00:00+02:00,,1
            a,2024-01-01T09:00:00-02:00,,2
            """);

        // 10:00 and 11:00 UTC.
        var lines = await folder.JoinAsync("""
            item,event_timestamp
            a,2024-01-01T10:59:59
            a,2024-01-01 11:00
            a,2024-01-01T10:00:00Z
            a,2024-01-01T15:29:59+05:30
            a,2024-01-01T00:00:00-10
            a,2024-01-02
            """, "--features", "prices:price");

        Assert.Equal(
            ["1", "2", "1", "", "1", "2"], lines.Skip(1).Select(line => line.Split(',')[2]));
        Assert.Equal("a,2024-01-01T15:29:59+05:30,", lines[4]);
    }

    [Fact]
    public async Task Both_edges_of_a_TTL_are_inclusive_and_a_null_that_wins_stays_null()
    {
        Prices("""
            a,2024-01-01T10:00:00Z,,1
            b,2024-01-01T10:00:00Z,,1
            b,2024-01-01T10:30:00Z,,
            """, ttl: "2h");

        var lines = await folder.JoinAsync("""
            item,event_timestamp
            a,2024-01-01T10:00:00Z
            a,2024-01-01T12:00:00Z
            a,2024-01-01T12:00:00.000001Z
            b,2024-01-01T10:29:00Z
            b,2024-01-01T10:31:00Z
            """, "--features", "prices:price");

        Assert.Equal(["1", "1", "", "1", ""], lines.Skip(1).Select(line => line.Split(',')[2]));
    }

    [Fact]
    public async Task Ties_go_to_the_later_created_with_null_the_lowest_then_to_the_last_to_arrive()
    {
        Prices("""
            a,2024-01-01T10:00:00Z,2024-01-01T10:05:00Z,1
            a,2024-01-01T10:00:00Z,2024-01-01T10:09:00Z,2
            a,2024-01-01T10:00:00Z,,3
            b,2024-01-01T10:00:00Z,2024-01-01T10:05:00Z,4
            b,2024-01-01T10:00:00Z,2024-01-01T10:05:00Z,5
            c,2024-01-01T10:00:00Z,,6
            c,2024-01-01T10:00:00Z,,7
            """);

        var lines = await folder.JoinAsync("""
            item,event_timestamp
            a,2024-01-01T11:00:00Z
            b,2024-01-01T11:00:00Z
            c,2024-01-01T11:00:00Z
            """, "--features", "prices:price");

        Assert.Equal(["2", "5", "7"], lines.Skip(1).Select(line => line.Split(',')[2]));
    }

    [Fact]
    public async Task The_created_filter_hides_what_was_written_later_or_nobody_knows_when()
    {
        Prices("""
            a,2024-01-01T10:00:00Z,2024-01-01T10:05:00Z,1
            a,2024-01-01T10:30:00Z,2024-01-01T12:00:00Z,2
            a,2024-01-01T10:40:00Z,,3
            """);
        const string entities = """
            item,event_timestamp
            a,2024-01-01T10:04:59Z
            a,2024-01-01T10:05:00Z
            a,2024-01-01T11:59:59Z
            a,2024-01-01T12:00:00Z
            """;

        var filtered = await folder.JoinAsync(entities, "--features", "prices:price", "--created-filter");
        var all = await folder.JoinAsync(entities, "--features", "prices:price");

        Assert.Equal(["", "1", "1", "2"], filtered.Skip(1).Select(line => line.Split(',')[2]));
        Assert.Equal(["1", "1", "3", "3"], all.Skip(1).Select(line => line.Split(',')[2]));
    }

    [Fact]
    public async Task The_repository_of_the_manual_joins_one_view_twice_by_its_key_maps()
    {
        folder.Write("features.yaml", JoinFolder.Weather);
        await folder.ParquetAsync("weather.parquet", """
            select * from (values
                ('LAX', timestamp '2024-01-01 10:00', timestamp '2024-01-01 10:01', 20.5),
                ('ORD', timestamp '2024-01-01 11:00', timestamp '2024-01-01 11:01', -3.25)) t(station, event_timestamp, created, temperature)
            """);
        await folder.ParquetAsync("entities.parquet", """
            select * from (values
                (1::smallint, 'LAX', 'ORD', timestamptz '2024-01-01 14:00:00+02', 1.5::decimal(4, 1), [1, 2], date '2024-01-01'),
                (2, 'ORD', 'SFO', timestamptz '2024-01-01 13:00:00+00', 2.5, null, null))
                t(flight, origin_id, destination_id, event_timestamp, fare, seats, day)
            """);

        var joined = await folder.RunAsync(
            null, "--entities", "entities.parquet", "--service", "flight_delay_v1", "--full-names", "--out", "out.parquet");
        var clash = await folder.RunAsync(null, "--entities", "entities.parquet", "--service", "flight_delay_v1", "--out", "other.parquet");

        Assert.Equal(("", 0), (joined.Errors, joined.ExitCode));
        Assert.Equal(
            ["1,20.5,-3.25", "2,-3.25,"],
            await folder.LinesAsync("select flight, origin__temperature, destination__temperature from {file}", "out.parquet"));

        // What the entity rows carry has the types that it had.
        const string types = "select column_name || ' ' || column_type from (describe select * from {file})";
        string[] expected = [.. await folder.LinesAsync(types, "entities.parquet"), "origin__temperature DOUBLE", "destination__temperature DOUBLE"];
        Assert.Equal(expected, await folder.LinesAsync(types, "out.parquet"));

        // Into CSV, times are written as instants.
        await folder.RunAsync(null, "--entities", "entities.parquet", "--service", "flight_delay_v1", "--full-names", "--out", "out.csv");
        Assert.Equal(
            "flight,origin_id,destination_id,event_timestamp,fare,seats,day,origin__temperature,destination__temperature\n"
            + "1,LAX,ORD,2024-01-01T12:00:00Z,1.5,\"[1, 2]\",2024-01-01,20.5,-3.25\n2,ORD,SFO,2024-01-01T13:00:00Z,2.5,,,-3.25,\n",
            folder.Read("out.csv"));

        Assert.Equal(2, clash.ExitCode);
        Assert.Equal(
            "slipway: There would be two columns of one name: 'origin:temperature' and 'destination:temperature' both give a column 'temperature'; "
            + "ask for full names ('full_feature_names: true', --full-names).", Assert.Single(clash.ErrorLines));
        Assert.False(File.Exists(folder.Path("other.parquet")));
    }

    [Fact]
    public async Task Composite_keys_do_not_collide_and_views_without_an_entity_are_one_series_for_all()
    {
        folder.Write("views/all.yaml", """
            entities:
              - {name: pair, join_keys: [{name: left, type: string}, {name: right, type: string}]}
              - {name: number, join_keys: [{name: number, type: int64}]}
            feature_views:
              - {name: pairs, kind: batch, entities: [pair], source: {path: pairs.csv}, features: [{name: x, type: int64}]}
              - {name: rates, kind: batch, entities: [], ttl: 1d, source: {path: rates.csv, event_timestamp: day}, features: [{name: rate, type: float64}]}
              - {name: numbers, kind: batch, entities: [number], source: {path: numbers.csv}, features: [{name: word, type: string}]}
            """);
        folder.Write("pairs.csv", "left,right,event_timestamp,x\nxy,z,2024-01-01T00:00:00Z,1\nx,yz,2024-01-01T00:00:00Z,2\nx,,2024-01-01T00:00:00Z,3\n");
        folder.Write("rates.csv", "day,rate\n2024-01-01,1.5\n2024-01-03T00:00:00Z,2.5\n");
        folder.Write("numbers.csv", "number,event_timestamp,word\n7,2024-01-01T00:00:00Z,seven\n");

        var lines = await folder.JoinAsync("""
            left,right,number,event_timestamp
            x,yz,7,2024-01-01T12:00:00Z
            xy,z,8,2024-01-02T12:00:00Z
            x,,7,2024-01-03T00:00:00Z
            """, "--features", "pairs:x,rates:rate,numbers:word", "--full-names");

        Assert.Equal(
            [
                "left,right,number,event_timestamp,pairs__x,rates__rate,numbers__word",
                "x,yz,7,2024-01-01T12:00:00Z,2,1.5,seven",
                "xy,z,8,2024-01-02T12:00:00Z,1,,",
                "x,,7,2024-01-03T00:00:00Z,,2.5,seven",
            ],
            lines);
    }

    [Fact]
    public async Task Streaming_derived_and_on_demand_views_are_joined_beside_batch_views_with_SQL()
    {
        folder.Write("features.yaml", """
            entities:
              - {name: sensor, join_keys: [{name: sensor, type: string}]}
            sources:
              - {name: readings, path: readings.csv, computed: [{name: double, expression: value * 2}], filter: value > 0}
            feature_views:
              - name: load
                kind: streaming
                entities: [sensor]
                source: {name: readings, event_timestamp: seen}
                hop: 10m
                aggregations: [{name: mean_20m, function: mean, input: double, window: 20m}]
              - name: daily
                kind: batch
                entities: [sensor]
                source: {name: readings}
                sql: select sensor, date_trunc('day', seen) + interval 1 day as event_timestamp, count(*) as readings from source group by all
                features: [{name: readings, type: int64, default: 0}]
              - name: excess
                kind: derived
                from: [{view: load}]
                features: [{name: twice, type: float64, expression: load__mean_20m * 2}]
              - name: request
                kind: on_demand
                inputs: [{name: limit, type: float64}]
                from: [{view: excess}]
                features: [{name: over, type: bool, expression: excess__twice > limit}]
            """);
        folder.Write("readings.csv", """
            sensor,seen,value
            s,2024-01-01T10:01:00Z,1
            s,2024-01-01T10:09:00Z,3
            s,2024-01-01T10:12:00Z,-5
            s,2024-01-01T10:15:00Z,5
            """);

        var lines = await folder.JoinAsync("""
            sensor,event_timestamp,limit
            s,2024-01-01T10:09:59Z,1
            s,2024-01-01T10:10:00Z,8
            s,2024-01-01T10:20:00Z,11
            s,2024-01-02T00:00:00Z,11
            """, "--features", "request:over,load:mean_20m,daily:readings,excess:twice");

        // Boundaries: 10:10 has (1 + 3)·2/2 = 4; 10:20 has (1 + 3 + 5)·2/3 = 6; 10:30 has 5·2 = 10; at 10:40 the window is empty.
        Assert.Equal("s,2024-01-01T10:09:59Z,1,,,0,", lines[1]);
        Assert.Equal("s,2024-01-01T10:10:00Z,8,false,4.0,0,8.0", lines[2]);
        Assert.Equal("s,2024-01-01T10:20:00Z,11,true,6.0,0,12.0", lines[3]);
        Assert.EndsWith(",3,", lines[4], StringComparison.Ordinal);
    }
}
