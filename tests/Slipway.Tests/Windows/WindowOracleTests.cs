using System.Collections;
using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Data;
using Slipway.Core.Windows;

namespace Slipway.Tests.Windows;

public sealed class WindowOracleTests
{
    private const long Hop = 10_000_000;
    private static readonly int[] WindowHops = [1, 3, 7];

    private static readonly ColumnSchema[] Columns =
        [new("key", DataType.Int64), new("part", DataType.String), new("at", DataType.Timestamp), new("x", DataType.Float64)];

    private static readonly WindowDefinition Definition = new(["key", "part"], "at", TimeSpan.FromSeconds(10),
    [
        .. from hops in WindowHops
           from function in Enum.GetValues<AggregateFunction>()
           select new WindowAggregation($"{function}_{hops}", function, Input(function), TimeSpan.FromSeconds(10 * hops)),
    ]);

    private sealed record Event(int Key, long At, double? X);

    private sealed record Row(int Key, long H, double?[] Values);

    /// <summary>Times hit boundaries often, and stand on both sides of the epoch; the values' sums round.</summary>
    private static readonly Gen<Event[]> Events = (
        from key in Gen.Choose(0, 2)
        from at in Gen.OneOf(Gen.Choose(-20, 40).Select(n => n * Hop), Gen.Choose(-200, 400).Select(n => n * Hop / 10))
        from x in Gen.Frequency((1, Gen.Constant<double?>(null)), (8, Gen.Choose(-1000, 1000).Select(n => (double?)(n / 7.0))))
        select new Event(key, at, x)).ArrayOf();

    [Fact]
    public void Every_boundary_agrees_with_computing_it_anew_from_all_events() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(300),
        Prop.ForAll(Events.ToArbitrary(), events =>
        {
            var (expected, actual) = (Naive(events, 60 * Hop), Rows(Backfill(events, 60 * Hop)));
            Assert.Equal(expected.Select(r => (r.H, r.Key)), actual.Select(r => (r.H, r.Key)));
            Assert.All(expected.Zip(actual), pair => Assert.All(pair.First.Values.Zip(pair.Second.Values), AssertClose));
        }));

    [Fact]
    public void Order_of_arrival_and_division_into_calls_change_nothing() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(300),
        Prop.ForAll(Events.ToArbitrary(), Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), (events, seed) =>
        {
            var random = new Random(seed);
            Assert.Equal(Bits(Backfill(events, 60 * Hop)), Stream(events, random, restart: false));
        }));

    [Fact]
    public void A_crash_at_any_point_changes_nothing() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(200),
        Prop.ForAll(Events.ToArbitrary(), Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), (events, seed) =>
            Assert.Equal(Bits(Backfill(events, 60 * Hop)), Stream(events, new Random(seed), restart: true))));

    private static Table Backfill(Event[] events, long until)
    {
        var aggregator = new WindowAggregator(Definition, Columns);
        Assert.Empty(aggregator.Add(TableOf(events)));
        return aggregator.Advance(until);
    }

    /// <summary>Delivers the events of a random stretch of time after another, shuffled and in pieces, with watermarks in between.</summary>
    private static string[] Stream(Event[] events, Random random, bool restart)
    {
        var aggregator = new WindowAggregator(Definition, Columns);
        var rows = new List<string>();
        var watermark = -21 * Hop;
        while (watermark < 60 * Hop)
        {
            var next = Math.Min(60 * Hop, watermark + random.NextInt64(1, 20 * Hop));
            var due = events.Where(e => e.At > watermark && e.At <= next).ToArray();
            random.Shuffle(due);
            foreach (var piece in due.Chunk(random.Next(1, 4)))
            {
                Assert.Empty(aggregator.Add(TableOf(piece)));
                aggregator = restart ? WindowAggregator.Restore(Definition, Columns, aggregator.Save()) : aggregator;
            }

            rows.AddRange(Bits(aggregator.Advance(next)));
            aggregator = restart ? WindowAggregator.Restore(Definition, Columns, aggregator.Save()) : aggregator;
            watermark = next;
        }

        return [.. rows];
    }

    /// <summary>The definition, word by word: at every boundary, all events of the key in (h − window, h].</summary>
    private static List<Row> Naive(Event[] events, long until)
    {
        var rows = new List<Row>();
        for (var h = -30 * Hop; h <= until; h += Hop)
        {
            foreach (var key in events.Select(e => e.Key).Distinct().Order())
            {
                Event[] In(long end, int hops) => [.. events.Where(e => e.Key == key && e.At > end - (hops * Hop) && e.At <= end)];
                if (WindowHops.Any(w => !In(h, w).ToHashSet(ReferenceEqualityComparer.Instance).SetEquals(In(h - Hop, w))))
                {
                    rows.Add(new(key, h, [.. WindowHops.SelectMany(w => Enum.GetValues<AggregateFunction>().Select(f => Naive(f, In(h, w))))]));
                }
            }
        }

        return rows;
    }

    private static double? Naive(AggregateFunction function, Event[] window)
    {
        var known = window.Where(e => e.X is not null).OrderBy(e => e.At).ThenBy(e => e.X).Select(e => e.X!.Value).ToArray();
        return function switch
        {
            AggregateFunction.Count => window.Length,
            _ when known.Length == 0 => null,
            AggregateFunction.Sum => known.Sum(),
            AggregateFunction.Mean => known.Average(),
            AggregateFunction.Min => known.Min(),
            AggregateFunction.Max => known.Max(),
            AggregateFunction.Share => known.Average(x => x > 0 ? 1.0 : 0),
            AggregateFunction.Last => known[^1],
            _ => known.Length < 2 ? null : Math.Sqrt(known.Sum(x => Math.Pow(x - known.Average(), 2)) / (known.Length - 1)),
        };
    }

    private static string? Input(AggregateFunction function) => function switch
    {
        AggregateFunction.Count => null,
        AggregateFunction.Share => "x > 0",
        _ => "x",
    };

    private static Table TableOf(Event[] events) => new(
    [
        Column.Int64("key", [.. events.Select(e => (long)e.Key)]),
        Column.String("part", [.. events.Select(e => e.Key == 0 ? "" : "p")]),
        Column.Timestamp("at", [.. events.Select(e => e.At)]),
        Column.Float64("x", [.. events.Select(e => e.X ?? 0)], new BitArray([.. events.Select(e => e.X is null)])),
    ]);

    private static Row[] Rows(Table rows) => [.. Enumerable.Range(0, rows.Rows).Select(i => new Row(
        (int)rows["key"].Longs[i], rows["event_timestamp"].Longs[i],
        [.. Definition.Aggregations.Select(a => rows[a.Name].IsNull(i) ? null : (double?)rows[a.Name].Number(i))]))];

    /// <summary>The oracle adds in another order, so the last bits may differ.</summary>
    private static void AssertClose((double? Expected, double? Actual) pair)
    {
        Assert.Equal(pair.Expected is null, pair.Actual is null);
        Assert.Equal(pair.Expected ?? 0, pair.Actual ?? 0, 1e-9);
    }

    /// <summary>To the last bit.</summary>
    private static string[] Bits(Table rows) => [.. Enumerable.Range(0, rows.Rows).Select(i =>
        string.Join(' ', rows.Columns.Select(c => c.Value(i) is double d ? d.ToString("R") : c.Value(i)?.ToString() ?? "null")))];
}
