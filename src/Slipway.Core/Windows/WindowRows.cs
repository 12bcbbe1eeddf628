using System.Collections;
using System.Runtime.InteropServices;
using Slipway.Core.Data;
using Slipway.Core.Joins;

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

    public Table ToTable(KeyIndex index, long hopMicros)
    {
        var order = Order(index);
        var keyOfRow = keys.ToArray();
        return new Table(
        [
            .. index.Keys().Select(k => k.Take(keyOfRow)),
            Column.Timestamp(WindowDefinition.BoundaryColumn, [.. hops.Select(hop => hop * hopMicros)]),
            .. aggregations.Select((a, i) => ToColumn(a, CollectionsMarshal.AsSpan(values[i]))),
        ]).Take(order);
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

    /// <summary>By boundary, then by the rank of the key among those that occur: independent of the order in which keys first came.</summary>
    private int[] Order(KeyIndex index)
    {
        var order = new int[keys.Count];
        var places = new long[keys.Count];
        if (order.Length == 0)
        {
            return order;
        }

        var ranks = Ranks(index, [.. keys.Distinct()]);
        var first = hops.Min();
        for (var row = 0; row < order.Length; row++)
        {
            order[row] = row;
            places[row] = ((hops[row] - first) * ranks.Count) + ranks[keys[row]];
        }

        Array.Sort(places, order);
        return order;
    }

    private static Dictionary<int, int> Ranks(KeyIndex index, int[] occurring)
    {
        var columns = index.Keys();
        Array.Sort(occurring, (a, b) => columns.Select(c => Compare(c, a, b)).FirstOrDefault(order => order != 0));
        return occurring.Select((key, rank) => (key, rank)).ToDictionary(p => p.key, p => p.rank);
    }

    private static int Compare(Column column, int a, int b) => column.Type switch
    {
        DataType.String => string.CompareOrdinal(column.Strings[a], column.Strings[b]),
        DataType.Bool => column.Bools[a].CompareTo(column.Bools[b]),
        _ => column.Longs[a].CompareTo(column.Longs[b]),
    };
}
