using System.Collections;
using Npgsql;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Sources;

/// <summary>One column of a result of PostgreSQL, gathered value by value.</summary>
internal sealed class PostgresField
{
    private readonly ColumnSchema schema;
    private readonly int index;
    private readonly List<long> longs = [];
    private readonly List<double> doubles = [];
    private readonly List<string?> texts = [];
    private readonly List<byte[]?> arrays = [];
    private readonly List<bool> missing = [];

    private PostgresField(ColumnSchema schema, int index)
    {
        this.schema = schema;
        this.index = index;
    }

    /// <returns>Null for a type that features do not have.</returns>
    public static PostgresField? Of(string name, string type, int index) => TypeOf(type) is { } known
        ? new PostgresField(new ColumnSchema(name, known), index) : null;

    public void Read(NpgsqlDataReader reader)
    {
        var isNull = reader.IsDBNull(index);
        missing.Add(isNull);
        switch (schema.Type)
        {
            case DataType.String:
                texts.Add(isNull ? null : reader.GetFieldValue<object>(index).ToString());
                break;
            case DataType.Float32 or DataType.Float64:
                doubles.Add(isNull ? 0 : Convert.ToDouble(reader.GetValue(index), System.Globalization.CultureInfo.InvariantCulture));
                break;
            case DataType.Timestamp:
                longs.Add(isNull ? 0 : Microseconds.From(reader.GetDateTime(index)));
                break;
            case var array when array.IsArray():
                arrays.Add(isNull ? null : Packed(reader));
                break;
            default:
                longs.Add(isNull ? 0 : Convert.ToInt64(reader.GetValue(index), System.Globalization.CultureInfo.InvariantCulture));
                break;
        }
    }

    /// <summary>What was read since the last time.</summary>
    public Column Take()
    {
        var nulls = missing.Contains(true) ? new BitArray([.. missing]) : null;
        var column = schema.Type switch
        {
            DataType.String => Column.String(schema.Name, [.. texts]),
            DataType.Bool => Column.Bool(schema.Name, [.. longs.Select(v => v != 0)], nulls),
            DataType.Float32 => Column.Float32(schema.Name, [.. doubles], nulls),
            DataType.Float64 => Column.Float64(schema.Name, [.. doubles], nulls),
            DataType.Timestamp => Column.Timestamp(schema.Name, [.. longs], nulls),
            DataType.Int64 => Column.Int64(schema.Name, [.. longs], nulls),
            _ => Column.Array(schema.Name, schema.Type, [.. arrays]),
        };
        longs.Clear();
        doubles.Clear();
        texts.Clear();
        arrays.Clear();
        missing.Clear();
        return column;
    }

    private byte[] Packed(NpgsqlDataReader reader)
    {
        try
        {
            return reader.GetValue(index) switch
            {
                DateTime[] times => PackedArray.Of(Array.ConvertAll(times, Microseconds.From)),
                Array { Rank: 1 } values => PackedArray.Of(schema.Type, values),
                _ => throw SlipwayException.Invalid($"An array in column '{schema.Name}' has more than one dimension."),
            };
        }
        catch (InvalidCastException)
        {
            throw SlipwayException.Invalid($"An array in column '{schema.Name}' has a null among its elements; leave it out.");
        }
    }

    private static DataType? TypeOf(string type) => type.EndsWith("[]", StringComparison.Ordinal)
        ? Single(type[..^2]) is { } element ? DataTypes.ArrayOf(element) : null
        : Single(type);

    private static DataType? Single(string type) => type.Split('(')[0] switch
    {
        "boolean" => DataType.Bool,
        "smallint" or "integer" or "bigint" => DataType.Int64,
        "real" => DataType.Float32,
        "double precision" or "numeric" => DataType.Float64,
        "text" or "character varying" or "character" or "uuid" or "name" or "citext" => DataType.String,
        "date" or "timestamp without time zone" or "timestamp with time zone" => DataType.Timestamp,
        _ => null,
    };
}
