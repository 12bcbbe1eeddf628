using System.Collections;
using System.Text;
using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Sources;

/// <summary>A JSON object that cannot be read as a row, and why.</summary>
/// <param name="Index">Its place among the objects given.</param>
public sealed record UnreadableRow(int Index, string Cause);

/// <summary>Reads JSON objects as the rows of a table: a field that is absent or null is a missing value, other fields are ignored.</summary>
/// <remarks>
/// Timestamps are ISO 8601; one without an offset is UTC. An int64 accepts whole numbers only, and nothing is converted between
/// text and numbers: what a producer sends wrongly must come to light at once, not as a strange feature.
/// </remarks>
public sealed class JsonRows
{
    private readonly IReadOnlyList<ColumnSchema> schema;
    private readonly byte[][] names;
    private readonly Array[] values;
    private readonly BitArray[] nulls;
    private readonly int[] origin;
    private readonly List<UnreadableRow> unreadable = [];
    private int rows;
    private string? otherLength;

    private JsonRows(IReadOnlyList<ColumnSchema> schema, int capacity)
    {
        this.schema = schema;
        names = [.. schema.Select(c => Encoding.UTF8.GetBytes(c.Name))];
        values = [.. schema.Select(c => Allocate(c.Type, capacity))];
        nulls = [.. schema.Select(_ => new BitArray(capacity))];
        origin = new int[capacity];
    }

    /// <summary>The rows that could be read, in order.</summary>
    public Table Table { get; private set; } = null!;

    /// <summary>Per row of <see cref="Table"/> the place of its object among those given.</summary>
    public ReadOnlySpan<int> Origin => origin.AsSpan(0, rows);

    public IReadOnlyList<UnreadableRow> Unreadable => unreadable;

    /// <param name="objects">UTF-8.</param>
    public static JsonRows Read(IReadOnlyList<ColumnSchema> schema, IReadOnlyList<byte[]> objects)
    {
        var read = new JsonRows(schema, objects.Count);
        for (var i = 0; i < objects.Count; i++)
        {
            read.Add(i, objects[i]);
        }

        var kept = Enumerable.Range(0, read.rows).ToArray();
        read.Table = new Table([.. schema.Select((c, i) => read.rows == objects.Count ? read.Column(i) : read.Column(i).Take(kept))]);
        return read;
    }

    private void Add(int index, byte[] json)
    {
        foreach (var column in nulls)
        {
            column[rows] = true;
        }

        try
        {
            var reader = new Utf8JsonReader(json);
            if (Fill(ref reader) is { } cause)
            {
                unreadable.Add(new UnreadableRow(index, cause));
                return;
            }
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            // The reader throws the second where text is half a surrogate pair or not UTF-8.
            unreadable.Add(new UnreadableRow(index, $"Not JSON: {wrong.Message}"));
            return;
        }

        origin[rows++] = index;
    }

    private string? Fill(ref Utf8JsonReader reader)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return "Not a JSON object.";
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var column = Find(ref reader);
            reader.Read();
            if (column < 0)
            {
                reader.Skip();
            }
            else if (!Set(column, ref reader))
            {
                return $"Field '{schema[column].Name}' must be {Expected(schema[column])}; got {otherLength ?? Show(ref reader)}.";
            }
        }

        return reader.Read() ? "More follows the JSON object." : null;
    }

    private int Find(ref Utf8JsonReader reader)
    {
        for (var i = 0; i < names.Length; i++)
        {
            if (reader.ValueTextEquals(names[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private bool Set(int column, ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            nulls[column][rows] = true;
            return true;
        }

        var set = values[column] switch
        {
            double[] d => Number(ref reader, schema[column].Type, out d[rows]),
            bool[] b => Bool(ref reader, out b[rows]),
            string?[] s => Text(ref reader, out s[rows]),
            byte[]?[] a => Elements(ref reader, schema[column], out a[rows]),
            long[] l when schema[column].Type == DataType.Timestamp => Time(ref reader, out l[rows]),
            long[] l => reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out l[rows]),
            _ => false,
        };
        nulls[column][rows] = !set;
        return set;
    }

    private bool Elements(ref Utf8JsonReader reader, ColumnSchema array, out byte[]? value)
    {
        (value, otherLength) = (null, null);
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        var (type, count) = (array.Type.Element(), 0);
        var (numbers, longs, texts, flags) = (new List<double>(), new List<long>(), new List<string>(), new List<bool>());
        for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; count++)
        {
            var (number, whole, flag, text) = (0.0, 0L, false, (string?)"");
            var isOne = type switch
            {
                DataType.Bool => Bool(ref reader, out flag),
                DataType.String => Text(ref reader, out text),
                DataType.Timestamp => Time(ref reader, out whole),
                DataType.Int64 => reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out whole),
                _ => Number(ref reader, type, out number),
            };
            if (!isOne)
            {
                return false;
            }

            numbers.Add(number);
            longs.Add(whole);
            flags.Add(flag);
            texts.Add(text!);
        }

        otherLength = array.Dimension is { } dimension && dimension != count ? $"{count} of them" : null;
        value = type switch
        {
            DataType.Bool => PackedArray.Of(flags.ToArray()),
            DataType.String => PackedArray.Of(texts.ToArray()),
            DataType.Float32 => PackedArray.Of(numbers.ConvertAll(n => (float)n).ToArray()),
            DataType.Float64 => PackedArray.Of(numbers.ToArray()),
            _ => PackedArray.Of(longs.ToArray()),
        };
        return otherLength is null;
    }

    private static bool Number(ref Utf8JsonReader reader, DataType type, out double value)
    {
        value = 0;
        if (reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out value))
        {
            return false;
        }

        value = type == DataType.Float32 ? (float)value : value;
        return double.IsFinite(value);
    }

    private static bool Bool(ref Utf8JsonReader reader, out bool value)
    {
        value = reader.TokenType == JsonTokenType.True;
        return value || reader.TokenType == JsonTokenType.False;
    }

    private static bool Text(ref Utf8JsonReader reader, out string? value)
    {
        value = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return value is not null;
    }

    private static bool Time(ref Utf8JsonReader reader, out long value)
    {
        value = 0;
        if (reader.TokenType != JsonTokenType.String || !reader.TryGetDateTime(out var time))
        {
            return false;
        }

        value = Microseconds.From(time.Kind == DateTimeKind.Local ? time.ToUniversalTime() : time);
        return true;
    }

    private Column Column(int i)
    {
        var (name, missing) = (schema[i].Name, nulls[i].HasAnySet() ? nulls[i] : null);
        switch (values[i])
        {
            case string?[] strings:
                for (var row = 0; missing is not null && row < rows; row++)
                {
                    strings[row] = missing[row] ? null : strings[row];
                }

                return Core.Data.Column.String(name, strings);
            case byte[]?[] arrays:
                for (var row = 0; missing is not null && row < rows; row++)
                {
                    arrays[row] = missing[row] ? null : arrays[row];
                }

                return Core.Data.Column.Array(name, schema[i].Type, arrays);
            case bool[] bools:
                return Core.Data.Column.Bool(name, bools, missing);
            case double[] doubles when schema[i].Type == DataType.Float32:
                return Core.Data.Column.Float32(name, doubles, missing);
            case double[] doubles:
                return Core.Data.Column.Float64(name, doubles, missing);
            case long[] longs when schema[i].Type == DataType.Timestamp:
                return Core.Data.Column.Timestamp(name, longs, missing);
            default:
                return Core.Data.Column.Int64(name, (long[])values[i], missing);
        }
    }

    private static Array Allocate(DataType type, int capacity) => type switch
    {
        DataType.Bool => new bool[capacity],
        DataType.String => new string?[capacity],
        DataType.Float32 or DataType.Float64 => new double[capacity],
        _ when type.IsArray() => new byte[]?[capacity],
        _ => new long[capacity],
    };

    private static string Expected(ColumnSchema column) => !column.Type.IsArray() ? Expected(column.Type)
        : $"an array of {(column.Dimension is { } dimension ? $"{dimension} numbers" : $"{column.Type.Element().Text()} values")}, none of them null";

    private static string Expected(DataType type) => type switch
    {
        DataType.Bool => "true or false",
        DataType.Int64 => "a whole number",
        DataType.String => "a string",
        DataType.Timestamp => "an ISO 8601 time",
        _ => "a number",
    };

    private static string Show(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => $"\"{Shorten(reader.GetString()!)}\"",
        _ => Shorten(Encoding.UTF8.GetString(reader.ValueSpan)),
    };

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..(char.IsHighSurrogate(text[39]) ? 39 : 40)] + "…";
}
