using System.Collections;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Windows;

namespace Slipway.Tests.Windows;

/// <summary>Times are minutes after the epoch; the hop is 10 minutes.</summary>
public sealed class WindowAggregatorTests
{
    private const long Minute = 60_000_000;

    private static readonly ColumnSchema[] Columns =
        [new("airport", DataType.String), new("at", DataType.Timestamp), new("delay", DataType.Int64), new("late", DataType.Bool)];

    [Fact]
    public void A_row_comes_out_at_each_boundary_where_an_event_enters_or_leaves()
    {
        var aggregator = Aggregator(Of("count", AggregateFunction.Count, null, 30), Of("mean", AggregateFunction.Mean, "delay", 30));

        aggregator.Add(Events(("LAX", 5, 10), ("LAX", 12, 20)));

        // At 10: {10}. At 20: {10, 20}. At 30 nothing changes. At 40 the first is out: (10, 40] holds {20}. At 50 all are out.
        Assert.Equal([("LAX", 10, 1, 10), ("LAX", 20, 2, 15), ("LAX", 40, 1, 20), ("LAX", 50, 0, null)], Rows(aggregator.Advance(100 * Minute)));
    }

    [Fact]
    public void A_window_is_open_at_its_start_and_closed_at_its_end()
    {
        var aggregator = Aggregator(Of("count", AggregateFunction.Count, null, 10), Of("last", AggregateFunction.Last, "delay", 10));

        aggregator.Add(Events(("LAX", 10, 1), ("LAX", 20, 2)));

        Assert.Equal([("LAX", 10, 1, 1), ("LAX", 20, 1, 2), ("LAX", 30, 0, null)], Rows(aggregator.Advance(30 * Minute)));
    }

    [Fact]
    public void Every_function_has_its_textbook_value()
    {
        var aggregator = Aggregator(
            [.. Enum.GetValues<AggregateFunction>().Select(f => Of(f.ToString(), f, f == AggregateFunction.Share ? "late" : "delay", 10)
                with { Quantile = f == AggregateFunction.Quantile ? 0.75 : null })]);

        aggregator.Add(Events(("LAX", 1, 2), ("LAX", 2, 4), ("LAX", 3, 4), ("LAX", 4, null), ("LAX", 5, 30)));
        var row = aggregator.Advance(10 * Minute);

        Assert.Equal(4L, row["Count"].Value(0));
        Assert.Equal(40.0, row["Sum"].Value(0));
        Assert.Equal(10.0, row["Mean"].Value(0));
        Assert.Equal(2.0, row["Min"].Value(0));
        Assert.Equal(30.0, row["Max"].Value(0));
        Assert.Equal(0.25, row["Share"].Value(0)); // one of four known delays is over 15
        Assert.Equal(30.0, row["Last"].Value(0));
        Assert.Equal(2.0, row["First"].Value(0));
        Assert.Equal(3L, row["Distinct"].Value(0));
        Assert.Equal(3L, row["DistinctApprox"].Value(0));
        Assert.Equal(4.0, row["Quantile"].Value(0)); // the third of four
        Assert.Equal(Math.Sqrt((64 + 36 + 36 + 400) / 3.0), (double)row["Stddev"].Value(0)!, 12);
    }

    [Fact]
    public void Keys_do_not_see_each_other_and_rows_come_by_boundary_then_key()
    {
        var aggregator = Aggregator(Of("count", AggregateFunction.Count, null, 10), Of("sum", AggregateFunction.Sum, "delay", 10));

        aggregator.Add(Events(("SFO", 15, 3), ("SFO", 5, 2), ("LAX", 5, 1)));

        Assert.Equal([("LAX", 10, 1, 1), ("SFO", 10, 1, 2), ("LAX", 20, 0, null), ("SFO", 20, 1, 3)], Rows(aggregator.Advance(20 * Minute)));
    }

    [Fact]
    public void Nothing_comes_out_before_the_watermark_reaches_its_boundary()
    {
        var aggregator = Aggregator(Of("count", AggregateFunction.Count, null, 10), Of("sum", AggregateFunction.Sum, "delay", 10));
        aggregator.Add(Events(("LAX", 5, 1)));

        Assert.Empty(Rows(aggregator.Advance((10 * Minute) - 1)));
        Assert.Equal([("LAX", 10, 1, 1)], Rows(aggregator.Advance(10 * Minute)));
        Assert.Empty(Rows(aggregator.Advance(3 * Minute)));
        Assert.Equal(10 * Minute, aggregator.Closed);
    }

    [Fact]
    public void A_late_event_is_refused_and_one_behind_the_watermark_whose_boundary_is_open_is_not()
    {
        var aggregator = Aggregator(Of("count", AggregateFunction.Count, null, 10), Of("sum", AggregateFunction.Sum, "delay", 10));
        aggregator.Advance(15 * Minute);

        var refused = aggregator.Add(Events(("LAX", 10, 1), ("LAX", 11, 2)));

        Assert.Equal([new RefusedEvent(0, RefusalCause.Late)], refused);
        Assert.Equal((1, 1), (aggregator.Accepted, aggregator.Refused));
        Assert.Equal([("LAX", 20, 1, 2)], Rows(aggregator.Advance(20 * Minute)));
    }

    [Fact]
    public void An_event_without_key_or_time_is_refused_with_its_cause()
    {
        var aggregator = Aggregator(Of("count", AggregateFunction.Count, null, 10));

        var refused = aggregator.Add(Events((null, 1, 1), ("LAX", null, 1)));

        Assert.Equal([new RefusedEvent(0, RefusalCause.NullKey), new RefusedEvent(1, RefusalCause.NullTimestamp)], refused);
    }

    [Fact]
    public void A_definition_without_keys_is_one_series()
    {
        var aggregator = new WindowAggregator(
            new([], "at", TimeSpan.FromMinutes(10), [Of("sum", AggregateFunction.Sum, "delay", 10)]), Columns);
        aggregator.Add(Events(("LAX", 5, 1), ("SFO", 6, 2)));

        var rows = aggregator.Advance(10 * Minute);

        Assert.Equal(["event_timestamp", "sum"], rows.Columns.Select(c => c.Name));
        Assert.Equal([3.0], rows["sum"].Doubles);
    }

    [Fact]
    public void A_huge_value_that_has_left_leaves_nothing_behind()
    {
        var aggregator = Aggregator(Of("count", AggregateFunction.Count, null, 20), Of("sum", AggregateFunction.Sum, "delay", 20));

        aggregator.Add(Events(("LAX", 5, 1L << 62), ("LAX", 15, 1), ("LAX", 25, 2), ("LAX", 35, 3)));

        // 2⁶² + 1 rounds to 2⁶²: a running sum from which 2⁶² is subtracted would have forgotten the 1.
        Assert.Equal([(30, 3.0), (40, 5.0), (50, 3.0)], Rows(aggregator.Advance(50 * Minute))[2..].Select(r => (r.Item2, r.Item4)));
    }

    [Theory]
    [InlineData("share", AggregateFunction.Share, "delay", 10, "Aggregation 'share': share takes a bool; `delay` is int64.")]
    [InlineData("mean", AggregateFunction.Mean, "airport", 10, "Aggregation 'mean': mean takes a number; `airport` is string.")]
    [InlineData("mean", AggregateFunction.Mean, null, 10, "Aggregation 'mean': mean needs an input.")]
    [InlineData("sum", AggregateFunction.Sum, "delay", 15, "its window of 00:15:00 is not a positive multiple of the hop of 00:10:00.")]
    [InlineData("q", AggregateFunction.Quantile, "delay", 10, "Aggregation 'q': its quantile is a number from 0 to 1; got none.")]
    [InlineData("airport", AggregateFunction.Count, null, 10, "Aggregation 'airport': another column has that name.")]
    [InlineData("sum", AggregateFunction.Sum, "speed", 10, "there is no column 'speed'")]
    public void A_definition_that_cannot_be_computed_says_why(string name, AggregateFunction function, string? input, int window, string why)
    {
        var error = Assert.Throws<SlipwayException>(() => Aggregator(Of(name, function, input, window)));

        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tumbling_window_keeps_its_value_until_the_next_is_complete()
    {
        var aggregator = Aggregator(
            Of("count", AggregateFunction.Count, null, 10), Of("sum", AggregateFunction.Sum, "delay", 30) with { Kind = WindowKind.Tumbling });

        aggregator.Add(Events(("LAX", 30, 1), ("LAX", 31, 2), ("LAX", 60, 4)));

        // (0, 30] holds 1, (30, 60] holds 2 and 4, (60, 90] nothing; the rows between are those of the hopping count.
        Assert.Equal(
            [("LAX", 30, 1, 1), ("LAX", 40, 1, 1), ("LAX", 50, 0, 1), ("LAX", 60, 1, 6), ("LAX", 70, 0, 6), ("LAX", 90, 0, null)],
            Rows(aggregator.Advance(90 * Minute)));
    }

    [Fact]
    public void A_sliding_window_changes_with_each_event_and_lets_it_go_exactly_one_window_later()
    {
        var aggregator = new WindowAggregator(
            new(["airport"], "at", TimeSpan.Zero,
            [
                Of("count", AggregateFunction.Count, null, 10) with { Kind = WindowKind.Sliding },
                Of("sum", AggregateFunction.Sum, "delay", 10) with { Kind = WindowKind.Sliding },
            ]),
            Columns);

        aggregator.Add(Events(("LAX", 1, 1), ("LAX", 4, 2)));

        Assert.Equal([("LAX", 1, 1, 1), ("LAX", 4, 2, 3), ("LAX", 11, 1, 2), ("LAX", 14, 0, null)], Rows(aggregator.Advance(14 * Minute)));
    }

    [Fact]
    public void A_late_event_within_the_allowance_corrects_the_rows_it_belongs_to()
    {
        var aggregator = new WindowAggregator(
            new(["airport"], "at", TimeSpan.FromMinutes(10),
                [Of("count", AggregateFunction.Count, null, 20), Of("sum", AggregateFunction.Sum, "delay", 20)])
            {
                AllowedLateness = TimeSpan.FromMinutes(20),
            },
            Columns);
        aggregator.Add(Events(("LAX", 5, 1), ("LAX", 45, 8)));
        Assert.Equal([("LAX", 10, 1, 1), ("LAX", 30, 0, null)], Rows(aggregator.Advance(40 * Minute)));

        // The boundary at 20 is closed by 20 minutes and more, that at 30 is not.
        var refused = aggregator.Add(Events(("LAX", 20, 2), ("LAX", 21, 4)));

        Assert.Equal([new RefusedEvent(0, RefusalCause.Late)], refused);
        Assert.Equal([("LAX", 30, 1, 4)], Rows(aggregator.Advance()));
        Assert.Equal([("LAX", 50, 1, 8), ("LAX", 70, 0, null)], Rows(aggregator.Advance(70 * Minute)));
    }

    [Fact]
    public void A_derived_watermark_stays_behind_the_latest_event_by_what_is_declared()
    {
        var aggregator = new WindowAggregator(
            new(["airport"], "at", TimeSpan.FromMinutes(10),
                [Of("count", AggregateFunction.Count, null, 10), Of("sum", AggregateFunction.Sum, "delay", 10)])
            {
                MaxOutOfOrderness = TimeSpan.FromMinutes(5),
            },
            Columns);

        aggregator.Add(Events(("LAX", 3, 1), ("LAX", 15, 2)));
        Assert.Empty(Rows(aggregator.Advance()));
        var refused = aggregator.Add(Events(("LAX", 10, 4), ("LAX", 16, 8), ("LAX", 9, 16)));

        // 16 − 5 passes 10, so what came after it for (0, 10] is late, and what came before is not.
        Assert.Equal([new RefusedEvent(2, RefusalCause.Late)], refused);
        Assert.Equal([("LAX", 10, 2, 5)], Rows(aggregator.Advance()));
        Assert.Equal((11 * Minute) - 1, aggregator.Watermark);
    }

    [Fact]
    public void Texts_that_have_left_every_window_are_forgotten()
    {
        var definition = new WindowDefinition(
            [], "at", TimeSpan.FromMinutes(10), [Of("count", AggregateFunction.Distinct, "airport", 10)]);
        var aggregator = new WindowAggregator(definition, Columns);
        var sizes = new List<int>();
        for (var hop = 1L; hop <= 3; hop++)
        {
            var start = hop;
            aggregator.Add(Events([.. Enumerable.Range(0, 5_000).Select(i => ($"{start}-{i}", (long?)(start * 10), (long?)1))]));
            Assert.Equal(5_000, aggregator.Advance(hop * 10 * Minute)["count"].Longs[^1]);
            sizes.Add(aggregator.Save().Length);
        }

        Assert.InRange(sizes[2], sizes[0] * 0.9, sizes[0] * 1.1);
    }

    [Fact]
    public void A_damaged_state_and_one_of_another_definition_are_refused()
    {
        var aggregator = Aggregator(Of("sum", AggregateFunction.Sum, "delay", 10));
        aggregator.Add(Events(("LAX", 5, 1)));
        var state = aggregator.Save();
        var other = new WindowDefinition(["airport"], "at", TimeSpan.FromMinutes(10), [Of("sum", AggregateFunction.Sum, "delay", 20)]);

        Assert.Contains("another definition", Assert.Throws<SlipwayException>(
            () => WindowAggregator.Restore(other, Columns, state)).Message, StringComparison.Ordinal);
        state[state.Length / 2] ^= 1;
        Assert.Contains("damaged", Assert.Throws<SlipwayException>(
            () => WindowAggregator.Restore(other, Columns, state)).Message, StringComparison.Ordinal);
        Assert.Throws<SlipwayException>(() => WindowAggregator.Restore(other, Columns, []));
    }

    private static WindowAggregation Of(string name, AggregateFunction function, string? input, int minutes) =>
        new(name, function, input, TimeSpan.FromMinutes(minutes));

    private static WindowAggregator Aggregator(params WindowAggregation[] aggregations) =>
        new(new(["airport"], "at", TimeSpan.FromMinutes(10), aggregations), Columns);

    private static Table Events(params (string? Airport, long? At, long? Delay)[] events) => new(
    [
        Column.String("airport", [.. events.Select(e => e.Airport)]),
        Column.Timestamp("at", [.. events.Select(e => (e.At ?? 0) * Minute)], new BitArray([.. events.Select(e => e.At is null)])),
        Column.Int64("delay", [.. events.Select(e => e.Delay ?? 0)], new BitArray([.. events.Select(e => e.Delay is null)])),
        Column.Bool("late", [.. events.Select(e => e.Delay > 15)], new BitArray([.. events.Select(e => e.Delay is null)])),
    ]);

    /// <summary>(key, boundary in minutes, first aggregate, second aggregate) of every row.</summary>
    private static (string?, long, long, double?)[] Rows(Table table) => [.. Enumerable.Range(0, table.Rows).Select(i => (
        table.Columns[0].Strings[i], table["event_timestamp"].Longs[i] / Minute, table.Columns[2].Longs[i], (double?)table.Columns[3].Value(i)))];
}
