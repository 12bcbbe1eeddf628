using System.Diagnostics;
using System.Globalization;
using Slipway.Core.Data;
using Slipway.Core.Windows;

namespace Slipway.Benchmarks;

/// <summary>
/// Events per second through a <see cref="WindowAggregator"/> on one thread: 5 aggregates (count, sum, mean, max, stddev) over 3 windows
/// (10 m, 1 h, 6 h; hop 1 m), 1,000 keys, a million events of one day, watermark and rows every 10,000 events. Beside it what else
/// changes the cost: tumbling and sliding windows, allowed lateness, and the functions that count. Budget: ≥ 150,000 events/s for the first.
/// </summary>
internal static class WindowsBenchmark
{
    private const int Events = 1_000_000;
    private const int Batch = 10_000;
    private const double Budget = 150_000;

    private static readonly ColumnSchema[] Columns =
        [new("user", DataType.String), new("at", DataType.Timestamp), new("amount", DataType.Float64), new("shop", DataType.String)];

    private static readonly AggregateFunction[] Sums =
        [AggregateFunction.Count, AggregateFunction.Sum, AggregateFunction.Mean, AggregateFunction.Max, AggregateFunction.Stddev];

    private static readonly AggregateFunction[] Counts =
        [AggregateFunction.Distinct, AggregateFunction.DistinctApprox, AggregateFunction.Quantile];

    public static Task<bool> RunAsync(CancellationToken cancel)
    {
        var batches = Batches();
        _ = Run(Of(WindowKind.Hopping, Sums), batches[..10]);
        var first = Measure("5 aggregates, hopping", Of(WindowKind.Hopping, Sums), batches);
        Measure("5 aggregates, tumbling", Of(WindowKind.Tumbling, Sums), batches);
        Measure("5 aggregates, sliding", Of(WindowKind.Sliding, Sums), batches);
        Measure("… with 10 m allowed lateness", Of(WindowKind.Hopping, Sums) with { AllowedLateness = TimeSpan.FromMinutes(10) }, batches);
        Measure("distinct, distinct_approx, quantile, hopping", Of(WindowKind.Hopping, Counts), batches);
        return Task.FromResult(first >= Budget);
    }

    private static double Measure(string what, WindowDefinition definition, Table[] batches)
    {
        var watch = Stopwatch.StartNew();
        var rows = Run(definition, batches);
        var perSecond = Events / watch.Elapsed.TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"windows  {what,-46} {perSecond,9:0} events/s, {rows / (double)Events:0.0} rows of {definition.Aggregations.Count} values an event (budget of the first {Budget:0})"));
        return perSecond;
    }

    private static long Run(WindowDefinition definition, Table[] batches)
    {
        var aggregator = new WindowAggregator(definition, Columns);
        var rows = 0L;
        foreach (var batch in batches)
        {
            if (aggregator.Add(batch).Count > 0)
            {
                throw new InvalidOperationException("No event of the benchmark is late.");
            }

            rows += aggregator.Advance(batch["at"].Longs[^1]).Rows;
        }

        return rows;
    }

    private static WindowDefinition Of(WindowKind kind, AggregateFunction[] functions) => new(["user"], "at", TimeSpan.FromMinutes(1),
    [
        .. from window in new[] { TimeSpan.FromMinutes(10), TimeSpan.FromHours(1), TimeSpan.FromHours(6) }
           from function in functions
           select new WindowAggregation($"{function}_{window.TotalMinutes}", function, InputOf(function), window)
           {
               Kind = kind,
               Quantile = function == AggregateFunction.Quantile ? 0.95 : null,
           },
    ]);

    private static string? InputOf(AggregateFunction function) => function switch
    {
        AggregateFunction.Count => null,
        AggregateFunction.Distinct or AggregateFunction.DistinctApprox => "shop",
        _ => "amount",
    };

    /// <summary>Evenly over one day, in order from batch to batch and shuffled within each.</summary>
    private static Table[] Batches()
    {
        var random = new Random(1);
        const long day = 86_400_000_000;
        return [.. Enumerable.Range(0, Events / Batch).Select(batch =>
        {
            var at = Enumerable.Range(0, Batch).Select(i => ((batch * Batch) + i + 1) * (day / Events)).ToArray();
            random.Shuffle(at.AsSpan(0, Batch - 1));
            return new Table(
            [
                Column.String("user", [.. at.Select(_ => $"user-{random.Next(1000)}")]),
                Column.Timestamp("at", at),
                Column.Float64("amount", [.. at.Select(_ => Math.Exp(random.NextDouble() * 8))]),
                Column.String("shop", [.. at.Select(_ => $"shop-{random.Next(5000)}")]),
            ]);
        })];
    }
}
