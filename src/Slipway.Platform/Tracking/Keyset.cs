using System.Data.Common;
using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Filters;

namespace Slipway.Platform.Tracking;

/// <param name="Sql">Of a value that is never null.</param>
internal sealed record KeyColumn(string Sql, FilterType Type, bool Descending = false);

/// <summary>The order of a search whose pages start after the last row of the one before.</summary>
/// <param name="columns">The last makes the order total.</param>
internal sealed class Keyset(IReadOnlyList<KeyColumn> columns)
{
    /// <summary>The sort keys as columns of the select list.</summary>
    public string Select => string.Join(", ", columns.Select(column => column.Sql));

    public string OrderBy => string.Join(", ", columns.Select(column => column.Descending ? $"{column.Sql} desc" : column.Sql));

    /// <summary>Reads what <see cref="Select"/> selected.</summary>
    public object[] Read(DbDataReader row, int first) => [.. columns.Select((_, i) => row.GetValue(first + i))];

    /// <returns>A condition that the rows after the page meet; for the first page, one that all meet.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a token that was not made for this query.</exception>
    public string After(string? pageToken, string query, FilterSql sql)
    {
        if (pageToken is null)
        {
            return "1 = 1";
        }

        var position = PageToken.Read<JsonElement[]>(pageToken, query);
        var bound = columns.Select((column, i) => sql.Bind(Value(column, i < position.Length ? position[i] : default))).ToArray();
        return $"({string.Join(" or ", columns.Select((_, i) => $"({string.Join(" and ", Past(bound, i))})"))})";
    }

    /// <summary>Equal in the columns before, and past the position in this one.</summary>
    private IEnumerable<string> Past(string[] bound, int last) => columns.Take(last).Select((column, i) => $"{column.Sql} = {bound[i]}")
        .Append($"{columns[last].Sql} {(columns[last].Descending ? "<" : ">")} {bound[last]}");

    private static object Value(KeyColumn column, JsonElement value) => (column.Type, value.ValueKind) switch
    {
        (FilterType.Text, JsonValueKind.String) => value.GetString()!,
        (FilterType.Number, JsonValueKind.Number) => value.TryGetInt64(out var whole) ? whole : value.GetDouble(),
        _ => throw SlipwayException.Invalid("The page token is damaged; start again without one."),
    };
}
