using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Serving.Scoring;

/// <summary>Brings text into Parquet, every value as the text that stands there; lines that are no rows go to a file of their own.</summary>
internal static class TextCopy
{
    /// <summary>CSV as all of Slipway reads it: UTF-8, commas, a header, RFC 4180 quotes, an empty field is null.</summary>
    /// <returns>How many lines were no rows.</returns>
    public static long Csv(AnalyticsSession session, string path, string copy, string rejected)
    {
        session.WriteParquet($"select * from {new CsvFile(path).TextWithRejects}", copy);
        return Reject(
            session, path, rejected, "select line, any_value(error_message) as reason, any_value(csv_line) as content from reject_errors group by line");
    }

    /// <summary>One JSON object a line. Its members are the columns; what is an object or array itself stays JSON.</summary>
    /// <inheritdoc cref="Csv"/>
    public static long JsonLines(AnalyticsSession session, string path, string copy, string rejected)
    {
        // Character 1 stands in no JSON text, so a line is one field. A condition would be asked of every line, a case is not.
        session.Execute($$"""
            create or replace view lines as select content, row_number() over () as line,
            case when json_valid(content) then case when json_type(content) = 'OBJECT' then content end end as object
            from read_csv({{Sql.Text(path)}}, auto_detect = false, header = false, delim = '{{(char)1}}', quote = '', escape = '',
                columns = {'content': 'VARCHAR'})
            where trim(content) <> ''
            """);
        var keys = session.Query("select distinct unnest(json_keys(object)) as key from lines order by key")["key"].Strings;
        var values = keys.Select(key => $"json_extract_string(object, {Sql.Text(Path(key!))}) as {Sql.Name(key!)}");
        session.WriteParquet($"select {(keys.Length == 0 ? "1 as nothing" : string.Join(", ", values))} from lines where object is not null", copy);
        return Reject(session, path, rejected, "select line, 'the line is not a JSON object' as reason, content from lines where object is null");
    }

    private static long Reject(AnalyticsSession session, string path, string rejected, string lines)
    {
        var count = session.Query($"select count(*) as n from ({lines})")["n"].Longs[0];
        if (count > 0)
        {
            session.WriteParquet(
                $"select {Sql.Text(System.IO.Path.GetFileName(path))} as file, line, reason, content from ({lines}) order by line", rejected);
        }

        return count;
    }

    private static string Path(string key) =>
        $"$.\"{key.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
