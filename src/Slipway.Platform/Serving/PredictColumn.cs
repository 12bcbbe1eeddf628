using System.Collections;
using System.Text;
using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Platform.Serving;

/// <summary>
/// Gathers one column from JSON values as they are read: whole numbers stay whole (a key beyond 2⁵³ keeps its last digit)
/// until one with a fraction comes; rows in between that did not name the column are missing.
/// </summary>
internal sealed class PredictColumn(string name)
{
    private readonly byte[] utf8 = Encoding.UTF8.GetBytes(name);
    private readonly List<bool> missing = [];
    private List<long>? longs;
    private List<double>? doubles;
    private List<string?>? strings;
    private List<bool>? bools;

    public string Name { get; } = name;

    public int Rows => missing.Count;

    public bool IsNamedBy(ref Utf8JsonReader reader) => reader.ValueTextEquals(utf8);

    /// <summary>Fills up with missing values.</summary>
    public void PadTo(int rows)
    {
        while (Rows < rows)
        {
            AddMissing();
        }
    }

    /// <summary>Adds the value that the reader stands on.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when it is not a scalar or not of the column's type.</exception>
    public void Add(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                AddMissing();
                return;
            case JsonTokenType.Number when strings is null && bools is null:
                AddNumber(ref reader);
                break;
            case JsonTokenType.String when longs is null && doubles is null && bools is null:
                (strings ??= [.. new string?[Rows]]).Add(reader.GetString());
                break;
            case JsonTokenType.True or JsonTokenType.False when longs is null && doubles is null && strings is null:
                (bools ??= [.. new bool[Rows]]).Add(reader.TokenType == JsonTokenType.True);
                break;
            case JsonTokenType.StartArray or JsonTokenType.StartObject:
                throw SlipwayException.Invalid($"Input '{Name}' takes one value per row; row {Rows} has an array or an object.");
            default:
                throw SlipwayException.Invalid($"Input '{Name}' mixes types: row {Rows} is a {Kind(reader.TokenType)} where those before are not.");
        }

        missing.Add(false);
    }

    public Column ToColumn()
    {
        var nulls = missing.Contains(true) ? new BitArray([.. missing]) : null;
        return (longs, doubles, strings, bools) switch
        {
            ({ } whole, null, _, _) => Column.Int64(Name, [.. whole], nulls),
            (_, { } fractions, _, _) => Column.Float64(Name, [.. fractions], nulls),
            (_, _, { } texts, _) => Column.String(Name, [.. texts]),
            (_, _, _, { } flags) => Column.Bool(Name, [.. flags], nulls),
            _ => Column.Float64(Name, new double[Rows], nulls),
        };
    }

    private void AddNumber(ref Utf8JsonReader reader)
    {
        if (doubles is null && reader.TryGetInt64(out var whole))
        {
            (longs ??= [.. new long[Rows]]).Add(whole);
            return;
        }

        if (!reader.TryGetDouble(out var value) || !double.IsFinite(value))
        {
            throw SlipwayException.Invalid($"Input '{Name}' has a number in row {Rows} that is beyond the range of a 64-bit float.");
        }

        doubles ??= longs is null ? [.. new double[Rows]] : longs.ConvertAll(l => (double)l);
        longs = null;
        doubles.Add(value);
    }

    private void AddMissing()
    {
        missing.Add(true);
        longs?.Add(0);
        doubles?.Add(0);
        strings?.Add(null);
        bools?.Add(false);
    }

    private static string Kind(JsonTokenType token) => token switch
    {
        JsonTokenType.Number => "number",
        JsonTokenType.String => "string",
        _ => "boolean",
    };
}
