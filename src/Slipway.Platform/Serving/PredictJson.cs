using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Serving;

/// <summary>
/// The body of a prediction request, read by hand: <c>{"instances": [{…}, …]}</c> or <c>{"inputs": {"column": […], …}}</c>, and
/// beside either <c>ids</c>, <c>keys</c>, <c>eventTimes</c> (RFC 3339 or microseconds) and <c>version</c>.
/// </summary>
internal ref struct PredictJson
{
    private readonly List<PredictColumn> columns = [];
    private Utf8JsonReader reader;
    private int rows = -1;
    private List<string?>? ids;
    private List<string?>? keys;
    private List<long>? eventTimesUs;
    private string? version;

    private PredictJson(in ReadOnlySequence<byte> body) =>
        reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 8 });

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming line and position, key or input.</exception>
    public static PredictRequest Read(in ReadOnlySequence<byte> body)
    {
        var parser = new PredictJson(body);
        try
        {
            return parser.Read();
        }
        catch (InvalidOperationException)
        {
            // What the reader says to text that is not UTF-8 and to half a surrogate pair.
            throw SlipwayException.Invalid("The body holds text that is not valid Unicode.");
        }
        catch (JsonException failure)
        {
            throw SlipwayException.Invalid(
                $"The body is not JSON that can be read: line {failure.LineNumber + 1}, position {failure.BytePositionInLine + 1}.");
        }
    }

    private PredictRequest Read()
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw SlipwayException.Invalid("The body is a JSON object with 'instances' or 'inputs'.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            ReadMember(reader.GetString()!);
        }

        // A second document after the first is an error, not something to leave unread.
        reader.Read();
        return rows < 0
            ? throw SlipwayException.Invalid("The body has neither 'instances' nor 'inputs'.")
            : new PredictRequest(new Table([.. columns.Select(column => column.ToColumn())]))
            {
                Ids = ids,
                Keys = keys,
                EventTimesUs = eventTimesUs,
                Version = version,
            };
    }

    private void ReadMember(string name)
    {
        reader.Read();
        switch (name)
        {
            case "instances" or "inputs" when rows >= 0:
                throw SlipwayException.Invalid("The body has exactly one of 'instances' and 'inputs', once.");
            case "instances":
                ReadInstances();
                break;
            case "inputs":
                ReadInputs();
                break;
            case "ids":
                ids = ReadStrings(name);
                break;
            case "keys":
                keys = ReadStrings(name);
                break;
            case "eventTimes":
                eventTimesUs = ReadTimes();
                break;
            case "version":
                version = reader.TokenType is JsonTokenType.String or JsonTokenType.Null
                    ? reader.GetString()
                    : throw SlipwayException.Invalid("'version' is a string.");
                break;
            default:
                throw SlipwayException.Invalid($"The body has no '{name}'; there are instances, inputs, ids, keys, eventTimes and version.");
        }
    }

    private void ReadInstances()
    {
        Expect(JsonTokenType.StartArray, "'instances' is an array of objects");
        for (rows = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; rows++)
        {
            Expect(JsonTokenType.StartObject, "'instances' is an array of objects");
            RequireRoom(rows);
            for (var hint = 0; reader.Read() && reader.TokenType != JsonTokenType.EndObject; hint++)
            {
                var column = ColumnNamed(hint);
                if (column.Rows > rows)
                {
                    throw SlipwayException.Invalid($"Row {rows} names the input '{column.Name}' twice.");
                }

                column.PadTo(rows);
                reader.Read();
                column.Add(ref reader);
            }
        }

        foreach (var column in columns)
        {
            column.PadTo(rows);
        }
    }

    private void ReadInputs()
    {
        Expect(JsonTokenType.StartObject, "'inputs' is an object of arrays");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var column = ColumnNamed(columns.Count);
            if (column.Rows > 0)
            {
                throw SlipwayException.Invalid($"'inputs' names '{column.Name}' twice.");
            }

            reader.Read();
            Expect(JsonTokenType.StartArray, $"input '{column.Name}' is an array");
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                RequireRoom(column.Rows);
                column.Add(ref reader);
            }

            rows = rows < 0 || rows == column.Rows
                ? column.Rows
                : throw SlipwayException.Invalid($"Input '{column.Name}' has {column.Rows} rows; the inputs before it have {rows}.");
        }

        rows = Math.Max(rows, 0);
    }

    /// <summary>The column that the reader's property names. Rows mostly name theirs in the same order, so the one at the same
    /// place is tried first, without making a string.</summary>
    private readonly PredictColumn ColumnNamed(int hint)
    {
        var at = reader;
        if (hint < columns.Count && columns[hint].IsNamedBy(ref at))
        {
            return columns[hint];
        }

        foreach (var column in columns)
        {
            if (column.IsNamedBy(ref at))
            {
                return column;
            }
        }

        var added = new PredictColumn(at.GetString()!);
        columns.Add(added);
        return added;
    }

    private List<string?> ReadStrings(string name)
    {
        Expect(JsonTokenType.StartArray, $"'{name}' is an array of strings");
        var values = new List<string?>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            RequireRoom(values.Count);
            values.Add(reader.TokenType is JsonTokenType.String or JsonTokenType.Null
                ? reader.GetString()
                : throw SlipwayException.Invalid($"'{name}' is an array of strings; element {values.Count} is not."));
        }

        return values;
    }

    private List<long> ReadTimes()
    {
        Expect(JsonTokenType.StartArray, "'eventTimes' is an array");
        var values = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            RequireRoom(values.Count);
            values.Add(ReadTime(ref reader, $"'eventTimes' element {values.Count}"));
        }

        return values;
    }

    /// <summary>Microseconds since the epoch from a whole number or an RFC 3339 text, which is UTC unless it says otherwise.</summary>
    internal static long ReadTime(ref Utf8JsonReader reader, string what)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var microseconds))
        {
            return microseconds;
        }

        return reader.TokenType == JsonTokenType.String && DateTimeOffset.TryParse(
            reader.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? Microseconds.From(time)
            : throw SlipwayException.Invalid($"{what} is neither an RFC 3339 time nor whole microseconds since the epoch.");
    }

    private readonly void Expect(JsonTokenType token, string rule)
    {
        if (reader.TokenType != token)
        {
            throw SlipwayException.Invalid($"In the body, {rule}.");
        }
    }

    private static void RequireRoom(int rows)
    {
        if (rows >= PredictRequest.MaxRows)
        {
            throw new SlipwayException(ErrorKind.TooLarge, $"A request holds at most {PredictRequest.MaxRows} rows.");
        }
    }
}
