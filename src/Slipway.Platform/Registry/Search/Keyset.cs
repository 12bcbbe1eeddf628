using System.Globalization;
using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Filters;

namespace Slipway.Platform.Registry.Search;

/// <summary>One search as SQL: its filter, its order, and the place where its next page starts.</summary>
internal sealed class Keyset
{
    private readonly string mark;
    private readonly Filter? filter;
    private readonly IReadOnlyList<Ordering> order;
    private readonly Func<Comparison, Condition> columnOf;

    /// <param name="columnOf">What SQL a comparison looks at; an ordering is asked for as a comparison without values.</param>
    /// <param name="rest">What orders where the caller leaves it open; with it no two rows are equal.</param>
    public Keyset(
        DbEngine engine, Func<Comparison, Condition> columnOf, FilterGrammar grammar, string what, string? filter,
        IReadOnlyList<string> orderBy, IReadOnlyList<Ordering> rest)
    {
        Sql = new FilterSql(engine);
        this.columnOf = columnOf;
        this.filter = grammar.Parse(filter);
        var given = grammar.ParseOrder(orderBy);
        order = [.. given, .. rest.Where(r => !given.Any(g => (g.Entity, g.Key) == (r.Entity, r.Key)))];
        mark = Json.Write(new { what, filter, orderBy });
        if (given.FirstOrDefault(o => columnOf(AsComparison(o)).Sortable is false) is { } wrong)
        {
            throw SlipwayException.Invalid($"Invalid order_by key '{wrong.Key}' specified. Valid keys are names, numbers and timestamps of the {what} themselves.");
        }
    }

    public FilterSql Sql { get; }

    public string Select(string columns, string table, string visible, string? pageToken, int limit)
    {
        var conditions = new List<string> { visible };
        if (filter is not null)
        {
            conditions.Add(FilterSql.Of(filter, comparison => columnOf(comparison).Write(Sql, comparison)));
        }

        if (pageToken is not null)
        {
            conditions.Add(After(PageToken.Read<string[]>(pageToken, mark), 0));
        }

        var by = string.Join(", ", order.Select(o => $"{ColumnOf(o)}{(o.Descending ? " desc" : "")}"));
        return $"select {columns} from {table} where {string.Join(" and ", conditions)} order by {by} limit {Sql.Bind(limit)}";
    }

    public Page<T> Cut<T>(List<T> rows, int limit, Func<T, string, object> valueOf) => PageToken.Cut(
        rows, limit, mark, row => order.Select(o => Convert.ToString(valueOf(row, o.Key), CultureInfo.InvariantCulture)!).ToArray());

    /// <summary>Rows after a position, by the first key in which they differ from it.</summary>
    private string After(string[] position, int at)
    {
        if (position.Length != order.Count)
        {
            throw SlipwayException.Invalid("The page token belongs to another query or is damaged; start again without one.");
        }

        var key = order[at];
        object value = key.Type == FilterType.Number ? long.Parse(position[at], CultureInfo.InvariantCulture) : position[at];
        var (column, bound) = (ColumnOf(key), Sql.Bind(value));
        var beyond = $"{column} {(key.Descending ? "<" : ">")} {bound}";
        return at + 1 == order.Count ? beyond : $"({beyond} or ({column} = {bound} and {After(position, at + 1)}))";
    }

    private string ColumnOf(Ordering by) => columnOf(AsComparison(by)).Column;

    private static Comparison AsComparison(Ordering by) => new(by.Entity, by.Key, by.Type, FilterOperator.Equal, [], 0);
}

/// <summary>What a comparison looks at.</summary>
/// <param name="Column">SQL of one value.</param>
/// <param name="Around">SQL around the comparison where several values may meet it, with <c>{0}</c> in its place.</param>
/// <param name="Sortable">Whether rows can be ordered by it: a column of their own that is never null.</param>
internal sealed record Condition(string Column, string? Around = null, bool Sortable = false)
{
    private readonly CompositeFormat? around = Around is null ? null : CompositeFormat.Parse(Around);

    public string Write(FilterSql sql, Comparison comparison)
    {
        // Keys that the caller names are values like any other.
        var key = Column.Contains("@key", StringComparison.Ordinal) ? sql.Bind(comparison.Key) : "";
        var condition = sql.Compare(Column.Replace("@key", key, StringComparison.Ordinal), comparison);
        return around is null ? condition : string.Format(CultureInfo.InvariantCulture, around, condition);
    }
}
