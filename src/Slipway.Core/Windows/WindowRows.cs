using System.Collections;
using System.Runtime.InteropServices;
using Slipway.Core.Data;

namespace Slipway.Core.Windows;

/// <summary>Gathers the rows of one advance, which come key by key, and hands them out by boundary, then key.</summary>
internal sealed class WindowRows(IReadOnlyList<WindowAggregation> aggregations, EventInputs inputs)
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
            .. aggregations.Select((a, i) => ToColumn(a, CollectionsMarshal.AsSpan(values[i]), inputs.Ids[inputs.Slots[i]])),
        ]).Take(Order(order.Ranks));
    }

    private static Column ToColumn(WindowAggregation aggregation, ReadOnlySpan<double> values, ValueIds? ids)
    {
        var (name, nulls) = (aggregation.Name, Missing(values));
        return aggregation.Type switch
        {
            DataType.Float64 => Column.Float64(name, values.ToArray(), nulls),
            DataType.Bool => Column.Bool(name, To(values, value => value > 0), nulls),
            DataType.String => Column.String(name, To(values, value => double.IsNaN(value) ? null : (string)ids!.ValueOf(value))),
            DataType.Timestamp => Column.Timestamp(name, Longs(aggregation, values, ids), nulls),
            _ => Column.Int64(name, Longs(aggregation, values, ids), nulls),
        };
    }

    /// <summary>Counts are the numbers themselves; first and last of an integer stand behind an id.</summary>
    private static long[] Longs(WindowAggregation aggregation, ReadOnlySpan<double> values, ValueIds? ids) =>
        aggregation.Function is AggregateFunction.First or AggregateFunction.Last
            ? To(values, value => double.IsNaN(value) ? 0 : (long)ids!.ValueOf(value))
            : To(values, value => (long)value);

    private static T[] To<T>(ReadOnlySpan<double> values, Func<double, T> convert)
    {
        var converted = new T[values.Length];
        for (var row = 0; row < converted.Length; row++)
        {
            converted[row] = convert(values[row]);
        }

        return converted;
    }

    private static BitArray? Missing(ReadOnlySpan<double> values)
    {
        BitArray? nulls = null;
        for (var row = 0; row < values.Length; row++)
        {
            if (double.IsNaN(values[row]))
            {
                (nulls ??= new BitArray(values.Length))[row] = true;
            }
        }

        return nulls;
    }

    /// <summary>By boundary, then by key.</summary>
    private int[] Order(ReadOnlySpan<int> ranks)
    {
        var order = new int[keys.Count];
        if (order.Length == 0)
        {
            return order;
        }

        var first = hops.Min();
        for (var row = 0; row < order.Length; row++)
        {
            order[row] = row;
        }

        // One number for both, unless it would not fit: boundaries a microsecond apart over years, of many keys.
        if ((Int128)(hops.Max() - first + 1) * ranks.Length > long.MaxValue)
        {
            var places = ranks.ToArray();
            Array.Sort(order, (a, b) => hops[a] != hops[b] ? hops[a].CompareTo(hops[b]) : places[keys[a]].CompareTo(places[keys[b]]));
            return order;
        }

        var together = new long[keys.Count];
        for (var row = 0; row < order.Length; row++)
        {
            together[row] = ((hops[row] - first) * ranks.Length) + ranks[keys[row]];
        }

        Array.Sort(together, order);
        return order;
    }
}
