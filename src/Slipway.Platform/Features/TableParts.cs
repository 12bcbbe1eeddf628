using System.Collections;
using Slipway.Core.Data;

namespace Slipway.Platform.Features;

/// <summary>Tables of the same columns, laid one after the other.</summary>
internal static class TableParts
{
    public static Table Join(IReadOnlyList<Table> parts) => parts.Count == 1
        ? parts[0]
        : new Table([.. parts[0].Columns.Select(first => Join(first, [.. parts.Select(part => part[first.Name])]))]);

    private static Column Join(Column first, Column[] parts)
    {
        var (name, nulls) = (first.Name, Nulls(parts));
        return first.Type switch
        {
            DataType.Bool => Column.Bool(name, Values(parts, c => c.Bools), nulls),
            DataType.Int64 => Column.Int64(name, Values(parts, c => c.Longs), nulls),
            DataType.Timestamp => Column.Timestamp(name, Values(parts, c => c.Longs), nulls),
            DataType.Float32 => Column.Float32(name, Values(parts, c => c.Doubles), nulls),
            _ when first.Type.IsArray() => Column.Array(name, first.Type, Values(parts, c => c.Arrays)),
            DataType.Float64 => Column.Float64(name, Values(parts, c => c.Doubles), nulls),
            _ => Column.String(name, Values(parts, c => c.Strings)),
        };
    }

    private static T[] Values<T>(Column[] parts, Func<Column, T[]> of)
    {
        var values = new T[parts.Sum(part => part.Length)];
        var at = 0;
        foreach (var part in parts)
        {
            of(part).CopyTo(values, at);
            at += part.Length;
        }

        return values;
    }

    private static BitArray? Nulls(Column[] parts)
    {
        if (!Array.Exists(parts, part => part.HasNulls))
        {
            return null;
        }

        var nulls = new BitArray(parts.Sum(part => part.Length));
        var at = 0;
        foreach (var part in parts)
        {
            for (var row = 0; row < part.Length; row++, at++)
            {
                nulls[at] = part.IsNull(row);
            }
        }

        return nulls;
    }
}
