using System.Text;
using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Sources;

/// <summary>Columns as JSON: an object that holds, by name, an array of values each.</summary>
public static class JsonColumns
{
    /// <param name="needed">Columns that must be there.</param>
    /// <param name="optional">Columns that may be there; others are refused.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the column, and the row where a value has the wrong type.</exception>
    public static Table Read(JsonElement json, IReadOnlyList<ColumnSchema> needed, IReadOnlyList<ColumnSchema> optional)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw SlipwayException.Invalid("Columns are an object that holds, by name, an array of values each.");
        }

        var schemas = needed.Concat(optional.Where(o => needed.All(n => n.Name != o.Name)))
            .ToDictionary(s => s.Name, StringComparer.Ordinal);
        var columns = new List<Column>();
        foreach (var property in json.EnumerateObject())
        {
            columns.Add(schemas.TryGetValue(property.Name, out var schema)
                ? Column(schema, property.Value)
                : throw SlipwayException.Invalid($"There is no input '{property.Name}'; known are {string.Join(", ", schemas.Keys)}."));
        }

        var missing = needed.FirstOrDefault(n => columns.All(c => c.Name != n.Name));
        return missing is null ? new Table(columns) : throw SlipwayException.Invalid(
            $"The column '{missing.Name}' ({Lower(missing.Type)}) is missing; there are {string.Join(", ", columns.Select(c => c.Name))}.");
    }

    /// <summary>The values as JSON knows them: timestamps as ISO 8601, a missing value as null.</summary>
    public static object?[] Write(Column column) =>
    [
        .. Enumerable.Range(0, column.Length).Select(row => column.Type == DataType.Timestamp && !column.IsNull(row)
            ? Microseconds.ToDateTimeOffset(column.Longs[row])
            : column.Type == DataType.TimestampArray && column.Value(row) is long[] times
                ? Array.ConvertAll(times, Microseconds.ToDateTimeOffset)
            : column.Value(row)),
    ];

    private static Column Column(ColumnSchema schema, JsonElement values)
    {
        if (values.ValueKind != JsonValueKind.Array)
        {
            throw SlipwayException.Invalid($"Column '{schema.Name}' must be an array of values.");
        }

        // A column is read as rows with one field, so that a value means the same in a request as in an event.
        var name = JsonEncodedText.Encode(schema.Name);
        var objects = values.EnumerateArray().Select(value => Encoding.UTF8.GetBytes($"{{\"{name}\":{value.GetRawText()}}}"));
        var rows = JsonRows.Read([schema], [.. objects]);
        return rows.Unreadable is [var wrong, ..]
            ? throw SlipwayException.Invalid($"Row {wrong.Index}: {wrong.Cause}")
            : rows.Table.Columns[0];
    }

    private static string Lower(DataType type) => type.Text();
}
