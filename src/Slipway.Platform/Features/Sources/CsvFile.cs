using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Sources;

/// <summary>
/// CSV as Slipway reads it: UTF-8, commas, a header, RFC 4180 quotes. An empty field is null, a quoted empty one is the empty text.
/// Times are ISO 8601, in UTC where they have no offset.
/// </summary>
public sealed class CsvFile
{
    private const string Time = @"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?)?$";
    private const string WholeMinute = @"^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2})([^:\d]|$)";

    /// <summary>In this order, what a column is taken for whose type nobody gives: the first that all its values are.</summary>
    private static readonly DataType[] Guesses = [DataType.Int64, DataType.Float64, DataType.Bool, DataType.Timestamp];

    private readonly string file;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when its header cannot be used.</exception>
    public CsvFile(string file)
    {
        this.file = file;
        Names = CsvHeader.Read(file);
        Text = Read("");
    }

    public IReadOnlyList<string> Names { get; }

    /// <summary>Its rows with every value as the text that stands there.</summary>
    public string Text { get; }

    /// <summary>The same, but lines that are no rows are left out; DuckDB keeps them in its table <c>reject_errors</c>.</summary>
    public string TextWithRejects => Read("store_rejects = true, rejects_limit = 0, ");

    /// <summary>Its rows with the types that are wanted; other columns get one that all their values are of.</summary>
    /// <param name="wanted">By column.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the row and the value that is not of the type.</exception>
    public SourceRelation Typed(AnalyticsSession session, IReadOnlyDictionary<string, DataType> wanted)
    {
        var found = Examine(session, wanted);
        var columns = Names.Select(name => new ColumnSchema(name, found[name])).ToArray();
        var values = columns.Select(column => $"{Value(column.Name, column.Type)} as {Sql.Name(column.Name)}");
        return new SourceRelation($"(select {string.Join(", ", values)} from {Text})", columns);
    }

    private string Read(string options)
    {
        var columns = string.Join(", ", Names.Select(name => $"{Sql.Text(name)}: 'VARCHAR'"));
        return $"read_csv({Sql.Text(file)}, auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
            + $"allow_quoted_nulls = false, {options}columns = {{{columns}}})";
    }

    private Dictionary<string, DataType> Examine(AnalyticsSession session, IReadOnlyDictionary<string, DataType> wanted)
    {
        var tests = Names.SelectMany(name => wanted.TryGetValue(name, out var type) ? [(Name: name, Type: type)] : Guesses.Select(guess => (Name: name, Type: guess)))
            .Where(test => test.Type != DataType.String).ToArray();
        var counts = tests.Select((test, i) => $"count(*) filter ({IsNot(test.Name, test.Type, wanted.ContainsKey(test.Name))}) as w{i}")
            .Concat(Names.Select((name, i) => $"count({Sql.Name(name)}) as n{i}"));
        var row = Describe(() => session.Query($"select {string.Join(", ", counts)} from {Text}"));
        var types = Names.ToDictionary(name => name, name => wanted.GetValueOrDefault(name, DataType.String), StringComparer.Ordinal);
        for (var i = tests.Length - 1; i >= 0; i--)
        {
            var (name, type) = tests[i];
            var wrong = row[$"w{i}"].Longs[0];
            if (wanted.ContainsKey(name))
            {
                _ = wrong == 0 ? 0 : throw Wrong(session, name, type);
            }
            else if (wrong == 0 && row[$"n{IndexOf(name)}"].Longs[0] > 0)
            {
                // Backwards, so that the first guess that holds stays.
                types[name] = type;
            }
        }

        return types;
    }

    private int IndexOf(string name) => Names.ToList().IndexOf(name);

    private SlipwayException Wrong(AnalyticsSession session, string name, DataType type)
    {
        var first = session.Query($"""
            select row, value from (select row_number() over () as row, {Sql.Name(name)} as value from {Text})
            where {IsNot("value", type, strictly: true)} order by row limit 1
            """);
        var meant = type switch
        {
            DataType.Timestamp => "not an ISO 8601 time such as 2024-05-01T09:30:00+02:00",
            DataType.Int64 => "not a whole number",
            DataType.Bool => "neither true nor false",
            _ when type.IsArray() => $"not {type.Text()}, such as {(type == DataType.StringArray ? "[\"a\", \"b\"]" : "[1, 2]")}",
            _ => "not a number",
        };
        return SlipwayException.Invalid($"'{file}', row {first["row"].Longs[0]}: {name} is '{first["value"].Strings[0]}', which is {meant}.");
    }

    /// <summary>Whether there is a value and it is not of the type. A guess is stricter: 007 is no number that a writer meant.</summary>
    private static string IsNot(string name, DataType type, bool strictly)
    {
        var column = Sql.Name(name);
        var present = type == DataType.String ? $"{column} is not null" : $"{column} <> ''";
        var guess = strictly ? "" : type switch
        {
            DataType.Int64 or DataType.Float64 => $" or regexp_matches({column}, '^[+-]?0\\d')",
            DataType.Bool => $" or lower({column}) not in ('true', 'false')",
            _ => "",
        };
        return $"{present} and ({Value(name, type)} is null{guess})";
    }

    /// <summary>The column's text as a value of the type; null where it is none.</summary>
    private static string Value(string name, DataType type)
    {
        var column = Sql.Name(name);
        return type switch
        {
            DataType.String => column,
            DataType.Timestamp => $"case when regexp_matches({column}, '{Time}') then "
                + $"try_cast(regexp_replace({column}, '{WholeMinute}', '\\1:00\\2') as timestamptz)::timestamp end",
            DataType.Int64 => $"case when regexp_matches({column}, '^[+-]?\\d+$') then try_cast({column} as bigint) end",
            DataType.TimestampArray => $"try_cast({column} as timestamptz[])::timestamp[]",
            _ => $"try_cast({column} as {Sql.TypeName(type)})",
        };
    }

    /// <summary>DuckDB explains a malformed row on many lines; the first says what and the second where.</summary>
    private T Describe<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (SlipwayException wrong)
        {
            var lines = wrong.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            throw new SlipwayException(wrong.Kind, $"'{file}': {string.Join(' ', lines.Take(3))}", wrong);
        }
    }
}
