using Slipway.Core.Data;
using Slipway.Core.Windows;

namespace Slipway.Tests.Windows;

/// <summary>What is counted about, and how far off it may be.</summary>
public sealed class SketchTests
{
    private static readonly ColumnSchema[] Columns = [new("at", DataType.Timestamp), new("delay", DataType.Int64)];

    [Fact]
    public void Distinct_values_are_counted_about_with_a_known_error()
    {
        // 1.04/√4096 = 1.6 % is one standard error; five of them are not exceeded by a sound hash.
        foreach (var distinct in new[] { 10, 1_000, 30_000 })
        {
            var row = Aggregate(
                Enumerable.Range(0, 2 * distinct).Select(i => i % distinct * 1_000_003L),
                Of("approx", AggregateFunction.DistinctApprox), Of("exact", AggregateFunction.Distinct));

            Assert.Equal(distinct, row["exact"].Longs[0]);
            Assert.InRange(row["approx"].Longs[0], distinct * 0.92, distinct * 1.08);
        }
    }

    [Fact]
    public void A_quantile_is_off_by_less_than_one_part_in_256()
    {
        var random = new Random(5);
        var delays = Enumerable.Range(0, 1001).Select(_ => (long)Math.Exp(random.NextDouble() * 30) - 1_000_000).ToArray();
        (double Q, int Rank)[] asked = [(0, 1), (0.01, 11), (0.5, 501), (0.99, 991), (1, 1001)];
        var row = Aggregate(delays, [.. asked.Select(a => Of($"q{a.Q}", AggregateFunction.Quantile) with { Quantile = a.Q })]);

        Array.Sort(delays);
        Assert.All(asked, a => Assert.InRange(row[$"q{a.Q}"].Doubles[0] / delays[a.Rank - 1], 1 - (1 / 256.0), 1));
    }

    private static WindowAggregation Of(string name, AggregateFunction function) => new(name, function, "delay", TimeSpan.FromMinutes(10));

    private static Table Aggregate(IEnumerable<long> delays, params WindowAggregation[] aggregations)
    {
        var aggregator = new WindowAggregator(new([], "at", TimeSpan.FromMinutes(10), aggregations), Columns);
        long[] values = [.. delays];
        aggregator.Add(new Table([Column.Timestamp("at", [.. values.Select(_ => 60_000_000L)]), Column.Int64("delay", values)]));
        return aggregator.Advance(600_000_000);
    }
}
