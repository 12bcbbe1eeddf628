using System.Collections;
using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Data;
using Slipway.Core.Windows;

namespace Slipway.Tests.Windows;

/// <summary>Windows computed word by word from their definition, and random events to compare with.</summary>
internal static class WindowOracle
{
    public const long Hop = 10_000_000;
    public const long End = 60 * Hop;
    private static readonly int[] WindowHops = [1, 3, 7];
    private static readonly string?[] Words = ["", "a", "b", "ab", null];

    public static readonly ColumnSchema[] Columns =
    [
        new("key", DataType.Int64), new("part", DataType.String), new("at", DataType.Timestamp), new("x", DataType.Float64),
        new("word", DataType.String), new("n", DataType.Int64),
    ];

    public sealed record Event(int Key, long At, double? X, string? Word)
    {
        /// <summary>Beyond what a double holds exactly.</summary>
        public long N => long.MaxValue - (long)((X ?? 0) * 7);
    }

    public sealed record Row(int Key, long H, double?[] Values);

    /// <summary>Times hit boundaries often, and stand on both sides of the epoch; the values' sums round.</summary>
    public static readonly Gen<Event[]> Events = (
        from key in Gen.Choose(0, 2)
        from at in Gen.OneOf(Gen.Choose(-20, 40).Select(n => n * Hop), Gen.Choose(-200, 400).Select(n => n * Hop / 10))
        from x in Gen.Frequency((1, Gen.Constant<double?>(null)), (8, Gen.Choose(-1000, 1000).Select(n => (double?)(n / 7.0))))
        from word in Gen.Elements(Words)
        select new Event(key, at, x, word)).ArrayOf();

    /// <summary>Every function over every window of the kinds.</summary>
    public static WindowDefinition Definition(params WindowKind[] kinds) => new(["key", "part"], "at", TimeSpan.FromSeconds(10),
    [
        .. from kind in kinds
           from hops in WindowHops
           from one in Functions()
           select one with { Name = $"{one.Name}_{kind}_{hops}", Kind = kind, Window = TimeSpan.FromSeconds(10 * hops) },
    ]);

    private static IEnumerable<WindowAggregation> Functions()
    {
        foreach (var function in Enum.GetValues<AggregateFunction>())
        {
            var one = new WindowAggregation($"{function}", function, function == AggregateFunction.Share ? "x > 0" : "x", TimeSpan.Zero);
            yield return function switch
            {
                AggregateFunction.Count => one with { Input = null },
                AggregateFunction.Quantile => one with { Quantile = 0.5 },
                _ => one,
            };
        }

        yield return new("p90", AggregateFunction.Quantile, "x", TimeSpan.Zero) { Quantile = 0.9 };
        yield return new("words", AggregateFunction.Distinct, "word", TimeSpan.Zero);
        yield return new("words_approx", AggregateFunction.DistinctApprox, "word", TimeSpan.Zero);
        yield return new("numbers", AggregateFunction.Distinct, "n", TimeSpan.Zero);
        yield return new("last_word", AggregateFunction.Last, "word", TimeSpan.Zero) { InputType = DataType.String };
        yield return new("first_n", AggregateFunction.First, "n", TimeSpan.Zero) { InputType = DataType.Int64 };
    }

    public static Table Backfill(WindowDefinition definition, Event[] events)
    {
        var aggregator = new WindowAggregator(definition with { MaxOutOfOrderness = null }, Columns);
        Assert.Empty(aggregator.Add(TableOf(events)));
        return aggregator.Advance(End);
    }

    /// <summary>At every time at which the content of a window changes: the functions of what it holds then.</summary>
    public static List<Row> Naive(WindowDefinition definition, Event[] events, long until)
    {
        var rows = new List<Row>();
        var slides = definition.Aggregations.Select(a => (Slide: SlideOf(a), Length: Micros(a.Window))).Distinct().ToArray();
        var candidates = events.SelectMany(e => slides.SelectMany(w => new[] { Ceil(e.At, w.Slide), Ceil(e.At, w.Slide) + w.Length }))
            .Where(h => h <= until).Distinct().Order();
        foreach (var h in candidates)
        {
            foreach (var key in events.Select(e => e.Key).Distinct().Order())
            {
                var own = events.Where(e => e.Key == key).ToArray();
                if (slides.Any(w => !In(own, h, w).SequenceEqual(In(own, h - 1, w), ReferenceEqualityComparer.Instance)))
                {
                    rows.Add(new(key, h, [.. definition.Aggregations.Select(a => Naive(a, In(own, h, (SlideOf(a), Micros(a.Window)))))]));
                }
            }
        }

        return rows;
    }

    private static Event[] In(Event[] events, long time, (long Slide, long Length) window)
    {
        var end = -Ceil(-time, window.Slide);
        return [.. events.Where(e => e.At > end - window.Length && e.At <= end)];
    }

    private static double? Naive(WindowAggregation one, Event[] window)
    {
        // Of events at the same time the windows take the lower value first, which makes first and last well defined.
        var ordered = window.OrderBy(e => e.At).ThenBy(e => e.X ?? double.NegativeInfinity).ThenBy(e => e.Word, StringComparer.Ordinal).ToArray();
        var known = ordered.Where(e => e.X is not null).Select(e => e.X!.Value).ToArray();
        switch (one.Name.Split('_')[0])
        {
            case "words": return ordered.Select(e => e.Word).OfType<string>().Distinct().Count();
            case "numbers": return ordered.Select(e => e.N).Distinct().Count();
            case "last": return ordered.Select(e => e.Word).OfType<string>().Any() ? ordered.Last(e => e.Word is not null).Word!.Length : null;
            case "first": return ordered.Length == 0 ? null : long.MaxValue - ordered.MinBy(e => (e.At, e.X ?? double.NegativeInfinity, e.Word ?? "", e.N))!.N;
        }

        return one.Function switch
        {
            AggregateFunction.Count => window.Length,
            AggregateFunction.Distinct or AggregateFunction.DistinctApprox => known.Distinct().Count(),
            _ when known.Length == 0 => null,
            AggregateFunction.Sum => known.Sum(),
            AggregateFunction.Mean => known.Average(),
            AggregateFunction.Min => known.Min(),
            AggregateFunction.Max => known.Max(),
            AggregateFunction.Share => known.Average(x => x > 0 ? 1.0 : 0),
            AggregateFunction.First => known[0],
            AggregateFunction.Last => known[^1],
            AggregateFunction.Quantile => Truncated(known.Order().ElementAt(Math.Max(1, (int)Math.Ceiling(one.Quantile!.Value * known.Length)) - 1)),
            _ => known.Length < 2 ? null : Math.Sqrt(known.Sum(x => Math.Pow(x - known.Average(), 2)) / (known.Length - 1)),
        };
    }

    /// <summary>To 8 bits of mantissa towards zero: what a quantile promises.</summary>
    private static double Truncated(double x)
    {
        var unit = x == 0 ? 1 : Math.Pow(2, Math.Floor(Math.Log2(Math.Abs(x))) - 8);
        return Math.Truncate(x / unit) * unit;
    }

    public static Table TableOf(Event[] events) => new(
    [
        Column.Int64("key", [.. events.Select(e => (long)e.Key)]),
        Column.String("part", [.. events.Select(e => e.Key == 0 ? "" : "p")]),
        Column.Timestamp("at", [.. events.Select(e => e.At)]),
        Column.Float64("x", [.. events.Select(e => e.X ?? 0)], new BitArray([.. events.Select(e => e.X is null)])),
        Column.String("word", [.. events.Select(e => e.Word)]),
        Column.Int64("n", [.. events.Select(e => e.N)]),
    ]);

    public static Row[] Rows(WindowDefinition definition, Table rows) => [.. Enumerable.Range(0, rows.Rows).Select(i => new Row(
        (int)rows["key"].Longs[i], rows["event_timestamp"].Longs[i],
        [.. definition.Aggregations.Select(a => rows[a.Name].IsNull(i) ? null : (double?)Number(a, rows, i))]))];

    /// <summary>To the last bit.</summary>
    public static string[] Bits(Table rows) => [.. Enumerable.Range(0, rows.Rows).Select(i => string.Join(' ', rows.Columns.Select(
        c => c.Value(i) switch
        {
            double d => d.ToString("R", CultureInfo.InvariantCulture),
            string s => $"'{s}'",
            var other => other?.ToString() ?? "null",
        })))];

    /// <summary>Text as its length, a great integer as its distance from the greatest.</summary>
    private static double Number(WindowAggregation one, Table rows, int row) => one.Type switch
    {
        DataType.String => rows[one.Name].Strings[row]!.Length,
        DataType.Int64 when one.Function == AggregateFunction.First => long.MaxValue - rows[one.Name].Longs[row],
        _ => rows[one.Name].Number(row),
    };

    private static long SlideOf(WindowAggregation one) =>
        one.Kind switch { WindowKind.Hopping => Hop, WindowKind.Tumbling => Micros(one.Window), _ => 1 };

    private static long Micros(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;

    private static long Ceil(long time, long unit) => time + ((((-time) % unit) + unit) % unit);
}
