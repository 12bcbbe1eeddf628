using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Client.Http;

/// <summary>The body of a prediction request: <c>{"inputs": {"column": […], …}, "ids": […]}</c>; a missing value is null.</summary>
internal static class TableJson
{
    public static void Write(Utf8JsonWriter json, Table rows, IReadOnlyList<string> ids)
    {
        json.WriteStartObject();
        json.WriteStartObject("inputs");
        foreach (var column in rows.Columns)
        {
            json.WriteStartArray(column.Name);
            for (var row = 0; row < rows.Rows; row++)
            {
                WriteValue(json, column, row);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteStartArray("ids");
        foreach (var id in ids)
        {
            json.WriteStringValue(id);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, Column column, int row)
    {
        switch (column.IsNull(row) ? (DataType?)null : column.Type)
        {
            case DataType.Bool: json.WriteBooleanValue(column.Bools[row]); break;
            case DataType.String: json.WriteStringValue(column.Strings[row]); break;
            case DataType.Int64 or DataType.Timestamp: json.WriteNumberValue(column.Longs[row]); break;
            case DataType.Float32 or DataType.Float64 when double.IsFinite(column.Doubles[row]):
                json.WriteNumberValue(column.Doubles[row]);
                break;
            case { } array when array.IsArray():
                throw SlipwayException.Invalid($"Column '{column.Name}' is {array.Text()}; a model takes single values.");
            default: json.WriteNullValue(); break;
        }
    }
}
