using System.Collections;
using System.Runtime.InteropServices;
using Slipway.Core.Data;

namespace Slipway.Core.Windows;

/// <summary>Gathers the rows of one advance, which come key by key, and hands them out by boundary, then key.</summary>
internal sealed class WindowRows(IReadOnlyList<WindowAggregation> aggregations)
{
    private readonly List<int> keys = [];
    private readonly List<long> hops = [];
    private readonly List<double>[] values = [.. aggregations.Select(_ => new List<double>())];

    public void Begin(int key, long hop)
    {
        keys.Add(key);
        hops.Add(hop);
    }

    public void Add(int aggregation, double value) => values[aggregation].Add(value);

    public Table ToTable(KeyOrder order, long hopMicros)
    {
        var keyOfRow = keys.ToArray();
        return new Table(
        [
            .. order.Columns.Select(k => k.Take(keyOfRow)),
            Column.Timestamp(WindowDefinition.BoundaryColumn, [.. hops.Select(hop => hop * hopMicros)]),
            .. aggregations.Select((a, i) => ToColumn(a, CollectionsMarshal.AsSpan(values[i]))),
        ]).Take(Order(order.Ranks));
    }

    private static Column ToColumn(WindowAggregation aggregation, ReadOnlySpan<double> values)
    {
        if (aggregation.Type == DataType.Int64)
        {
            var counts = new long[values.Length];
            for (var row = 0; row < counts.Length; row++)
            {
                counts[row] = (long)values[row];
            }

            return Column.Int64(aggregation.Name, counts);
        }

        BitArray? nulls = null;
        for (var row = 0; row < values.Length; row++)
        {
            if (double.IsNaN(values[row]))
            {
                (nulls ??= new BitArray(values.Length))[row] = true;
            }
        }

        return Column.Float64(aggregation.Name, values.ToArray(), nulls);
    }

    /// <summary>By boundary, then by key.</summary>
    private int[] Order(ReadOnlySpan<int> ranks)
    {
        var order = new int[keys.Count];
        var places = new long[keys.Count];
        if (order.Length == 0)
        {
            return order;
        }

        var first = hops.Min();
        for (var row = 0; row < order.Length; row++)
        {
            order[row] = row;
            places[row] = ((hops[row] - first) * ranks.Length) + ranks[keys[row]];
        }

        Array.Sort(places, order);
        return order;
    }
}
