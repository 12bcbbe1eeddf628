using System.Collections;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Joins;

namespace Slipway.Tests.Joins;

public sealed class PointInTimeJoinTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public void The_latest_row_at_or_before_the_entity_time_wins()
    {
        var view = Weather([("LAX", 10, null, 1.0), ("LAX", 20, null, 2.0), ("LAX", 30, null, 3.0)]);

        Assert.Equal([null, 1.0, 1.0, 2.0, 3.0], Joined([("LAX", 9), ("LAX", 10), ("LAX", 19), ("LAX", 20), ("LAX", 99)], view));
    }

    [Fact]
    public void Both_edges_of_the_TTL_are_inclusive()
    {
        var view = Weather([("LAX", 100, null, 1.0)]) with { Ttl = TimeSpan.FromMicroseconds(50) };

        Assert.Equal([1.0, 1.0, null], Joined([("LAX", 100), ("LAX", 150), ("LAX", 151)], view));
    }

    [Fact]
    public void A_TTL_of_zero_is_no_limit() => Assert.Equal(
        [1.0], Joined([("LAX", long.MaxValue)], Weather([("LAX", 0, null, 1.0)]) with { Ttl = TimeSpan.Zero }));

    [Fact]
    public void Rows_as_far_apart_as_times_can_be_do_not_overflow_the_TTL() => Assert.Equal(
        [null], Joined([("LAX", long.MaxValue)], Weather([("LAX", long.MinValue + 1, null, 1.0)]) with { Ttl = Hour }));

    [Fact]
    public void Among_equal_event_times_the_later_created_wins_and_null_is_the_lowest()
    {
        var view = Weather([("LAX", 10, 12, 1.0), ("LAX", 10, 15, 2.0), ("LAX", 10, null, 3.0), ("SFO", 10, null, 4.0), ("SFO", 10, 1, 5.0)]);

        Assert.Equal([2.0, 5.0], Joined([("LAX", 10), ("SFO", 10)], view));
    }

    [Fact]
    public void Among_equal_event_and_created_times_the_last_to_arrive_wins() => Assert.Equal(
        [2.0], Joined([("LAX", 10)], Weather([("LAX", 10, 5, 1.0), ("LAX", 10, 5, 2.0)])));

    [Fact]
    public void The_created_filter_hides_rows_written_later_and_rows_of_unknown_writing()
    {
        var view = Weather([("LAX", 10, 11, 1.0), ("LAX", 20, 50, 2.0), ("LAX", 22, null, 3.0)]);

        Assert.Equal([null, 1.0, 1.0, 2.0], Joined([("LAX", 10), ("LAX", 11), ("LAX", 49), ("LAX", 50)], view, createdFilter: true));
        Assert.Equal([1.0, 1.0, 3.0, 3.0], Joined([("LAX", 10), ("LAX", 11), ("LAX", 49), ("LAX", 50)], view));
    }

    [Fact]
    public void The_created_filter_leaves_a_view_without_created_times_alone() => Assert.Equal(
        [1.0], Joined([("LAX", 10)], Weather([("LAX", 10, null, 1.0)]) with { CreatedTimestamp = null }, createdFilter: true));

    [Fact]
    public void A_null_key_or_time_matches_nothing_on_either_side()
    {
        var view = Weather([(null, 10, null, 1.0), ("LAX", null, null, 2.0)]);

        Assert.Equal([null, null, null], Joined([(null, 10), ("LAX", 10), ("LAX", null)], view));
    }

    [Fact]
    public void A_null_that_wins_stays_null() => Assert.Equal(
        [null], Joined([("LAX", 30)], Weather([("LAX", 10, null, 1.0), ("LAX", 20, null, null)])));

    [Fact]
    public void Entity_rows_keep_their_order_and_their_duplicates()
    {
        var view = Weather([("LAX", 10, null, 1.0), ("SFO", 5, null, 2.0)]);

        Assert.Equal([1.0, 2.0, 1.0, null], Joined([("LAX", 20), ("SFO", 20), ("LAX", 20), ("LAX", 1)], view));
    }

    [Fact]
    public void Composite_keys_that_concatenate_to_the_same_text_stay_apart()
    {
        var entities = new Table([Column.String("a", ["x", "xy"]), Column.String("b", ["yz", "z"]), Column.Timestamp("t", [9, 9])]);
        var rows = new Table(
            [Column.String("a", ["xy", "x"]), Column.String("b", ["z", "yz"]), Column.Timestamp("at", [1, 1]), Column.Int64("n", [1, 2])]);
        var view = new JoinedView("v", rows, "at") { Keys = [new("a", "a"), new("b", "b")], Features = ["n"] };

        Assert.Equal([2, 1], PointInTimeJoin.Join(entities, "t", [view])["n"].Longs);
    }

    [Fact]
    public void A_composite_key_with_a_null_component_matches_nothing()
    {
        var entities = new Table([Column.String("a", ["x"]), Column.String("b", [null]), Column.Timestamp("t", [9])]);
        var rows = new Table([Column.String("a", ["x"]), Column.String("b", [null]), Column.Timestamp("at", [1]), Column.Int64("n", [1])]);
        var view = new JoinedView("v", rows, "at") { Keys = [new("a", "a"), new("b", "b")], Features = ["n"] };

        Assert.True(PointInTimeJoin.Join(entities, "t", [view])["n"].IsNull(0));
    }

    [Fact]
    public void One_view_is_joined_twice_by_two_key_maps_under_two_names()
    {
        var rows = Weather([("LAX", 1, null, 25.0), ("ORD", 1, null, -5.0)]).Rows;
        var entities = new Table([Column.String("origin", ["LAX"]), Column.String("destination", ["ORD"]), Column.Timestamp("t", [5])]);
        JoinedView As(string name) => new(name, rows, "at") { Keys = [new(name, "airport")], Features = ["temperature"] };

        var joined = PointInTimeJoin.Join(entities, "t", [As("origin"), As("destination")], fullNames: true);

        Assert.Equal(
            ["origin", "destination", "t", "origin__temperature", "destination__temperature"], joined.Columns.Select(c => c.Name));
        Assert.Equal(25.0, joined["origin__temperature"].Doubles[0]);
        Assert.Equal(-5.0, joined["destination__temperature"].Doubles[0]);
    }

    [Fact]
    public void Two_columns_of_one_name_are_refused()
    {
        var view = Weather([("LAX", 1, null, 25.0)]);

        var error = Assert.Throws<SlipwayException>(() =>
            PointInTimeJoin.Join(Entities([("LAX", 5)]), "t", [view, view with { Name = "again" }]));
        Assert.Equal(
            "'again' and 'weather' both give a column 'temperature'. Ask for full feature names, or for one of them only.", error.Message);
    }

    [Fact]
    public void A_view_without_an_entity_is_one_series_for_all_rows()
    {
        var view = Weather([("any", 10, null, 1.0), ("other", 20, null, 2.0)]) with { Keys = [] };

        Assert.Equal([1.0, 2.0, null], Joined([("LAX", 15), (null, 25), ("SFO", 9)], view));
    }

    [Fact]
    public void Many_views_with_different_keys_and_TTLs_do_not_disturb_each_other()
    {
        var first = Weather([("LAX", 10, null, 1.0)]) with { Ttl = TimeSpan.FromMicroseconds(5) };
        var second = Weather([("x", 12, null, 2.0)]) with { Name = "global", Keys = [] };

        var joined = PointInTimeJoin.Join(Entities([("LAX", 16)]), "t", [first, second], fullNames: true);

        Assert.True(joined["weather__temperature"].IsNull(0));
        Assert.Equal(2.0, joined["global__temperature"].Doubles[0]);
    }

    [Fact]
    public void Keys_of_two_types_are_refused()
    {
        var entities = new Table([Column.Int64("airport", [5]), Column.Timestamp("t", [5])]);

        var error = Assert.Throws<SlipwayException>(() => PointInTimeJoin.Join(entities, "t", [Weather([("5", 1, null, 1.0)])]));
        Assert.Equal("Join key 'airport' is int64; column 'airport' is string.", error.Message);
    }

    [Fact]
    public void No_entity_rows_and_no_feature_rows_are_fine()
    {
        Assert.Empty(Joined([], Weather([("LAX", 1, null, 1.0)])));
        Assert.Equal([null], Joined([("LAX", 1)], Weather([])));
    }

    private static double?[] Joined((string? Airport, long? Time)[] entities, JoinedView view, bool createdFilter = false)
    {
        var column = PointInTimeJoin.Join(Entities(entities), "t", [view], createdFilter: createdFilter)["temperature"];
        return [.. Enumerable.Range(0, column.Length).Select(row => (double?)column.Value(row))];
    }

    private static Table Entities((string? Airport, long? Time)[] rows) => new(
        [Column.String("airport", [.. rows.Select(r => r.Airport)]), Times("t", [.. rows.Select(r => r.Time)])]);

    private static JoinedView Weather((string? Airport, long? At, long? Created, double? Temperature)[] rows) => new(
        "weather",
        new Table(
        [
            Column.String("airport", [.. rows.Select(r => r.Airport)]),
            Times("at", [.. rows.Select(r => r.At)]),
            Times("created", [.. rows.Select(r => r.Created)]),
            Column.Float64(
                "temperature", [.. rows.Select(r => r.Temperature ?? 0)], new BitArray([.. rows.Select(r => r.Temperature is null)])),
        ]),
        "at")
    { Keys = [new("airport", "airport")], CreatedTimestamp = "created", Features = ["temperature"] };

    private static Column Times(string name, long?[] values) =>
        Column.Timestamp(name, [.. values.Select(v => v ?? 0)], new BitArray([.. values.Select(v => v is null)]));
}
