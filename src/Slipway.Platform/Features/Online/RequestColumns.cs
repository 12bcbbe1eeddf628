using System.Collections;
using System.Globalization;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Online;

/// <summary>
/// Gives the columns of a request the types that its feature service declares, where nothing is lost: JSON has no timestamps and
/// one kind of number.
/// </summary>
internal static class RequestColumns
{
    /// <summary>Columns that fit already, or that cannot be made to fit, are left as they are: the plan's check speaks of those.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the column and row of a text that is no time.</exception>
    public static Table Conform(ServicePlan plan, Table request)
    {
        var wanted = plan.Inputs.Select(input => input.Column)
            .Append(new ColumnSchema(StoredView.EventTimestamp, DataType.Timestamp))
            .Where(schema => request.Has(schema.Name) && request[schema.Name].Type != schema.Type)
            .Select(schema => Convert(request[schema.Name], schema.Type))
            .OfType<Column>()
            .ToList();
        return wanted.Count == 0 ? request : request.With(wanted);
    }

    private static Column? Convert(Column column, DataType type) => (column.Type, type) switch
    {
        (DataType.String, DataType.Timestamp) => Column.Timestamp(column.Name, Fill(column, Time), Nulls(column)),
        (DataType.Int64, DataType.Float64) => Column.Float64(column.Name, Fill(column, row => (double)column.Longs[row]), Nulls(column)),
        (DataType.Int64, DataType.Float32) => Column.Float32(column.Name, Fill(column, row => (double)(float)column.Longs[row]), Nulls(column)),
        (DataType.Float64, DataType.Float32) => Column.Float32(column.Name, Fill(column, row => (double)(float)column.Doubles[row]), Nulls(column)),
        (DataType.Float64, DataType.Int64) when Whole(column) => Column.Int64(column.Name, Fill(column, row => (long)column.Doubles[row]), Nulls(column)),
        _ when AllNull(column) => Empty(column, type),
        _ => null,
    };

    private static long Time(Column column, int row) =>
        DateTimeOffset.TryParse(column.Strings[row], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? Microseconds.From(time)
            : throw SlipwayException.Invalid($"'{column.Strings[row]}' in row {row} of column '{column.Name}' is not an ISO 8601 time.");

    private static T[] Fill<T>(Column column, Func<Column, int, T> convert) => Fill(column, row => convert(column, row));

    private static T[] Fill<T>(Column column, Func<int, T> convert)
    {
        var values = new T[column.Length];
        for (var row = 0; row < values.Length; row++)
        {
            values[row] = column.IsNull(row) ? default! : convert(row);
        }

        return values;
    }

    private static BitArray? Nulls(Column column)
    {
        if (!column.HasNulls)
        {
            return null;
        }

        var nulls = new BitArray(column.Length);
        for (var row = 0; row < column.Length; row++)
        {
            nulls[row] = column.IsNull(row);
        }

        return nulls;
    }

    private static bool Whole(Column column) => Enumerable.Range(0, column.Length)
        .All(row => column.IsNull(row) || (Math.Floor(column.Doubles[row]) == column.Doubles[row] && Math.Abs(column.Doubles[row]) < 1L << 53));

    private static bool AllNull(Column column) => Enumerable.Range(0, column.Length).All(column.IsNull);

    private static Column Empty(Column column, DataType type)
    {
        var (length, nulls) = (column.Length, new BitArray(column.Length, true));
        return type switch
        {
            DataType.String => Column.String(column.Name, new string?[length]),
            DataType.Bool => Column.Bool(column.Name, new bool[length], nulls),
            DataType.Int64 => Column.Int64(column.Name, new long[length], nulls),
            DataType.Timestamp => Column.Timestamp(column.Name, new long[length], nulls),
            DataType.Float32 => Column.Float32(column.Name, new double[length], nulls),
            _ => Column.Float64(column.Name, new double[length], nulls),
        };
    }
}
