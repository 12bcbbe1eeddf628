using System.Globalization;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Filters;

namespace Slipway.Platform.Tracking;

/// <summary>One column that a search sorts by; never NULL.</summary>
/// <param name="IsConstant">The same for all rows of the statement.</param>
internal sealed record SortColumn(string Sql, SortType Type, bool Descending, bool IsConstant = false);

internal enum SortType
{
    Integer,
    Number,
    Text,
}

/// <summary>
/// A total order of runs, as columns over <c>runs r</c> and joined tables: what was asked for, then the newest first, then
/// the id. What is missing comes last in either direction, and before it, for metrics, what is NaN.
/// </summary>
internal sealed class RunOrder
{
    private readonly List<SortColumn> columns = [];
    private readonly List<string> joins = [];

    public RunOrder(IReadOnlyList<Ordering> orderings, FilterSql sql, DbEngine engine)
    {
        Orderings = orderings;
        var collate = engine == DbEngine.Postgres ? " collate \"C\"" : "";
        for (var i = 0; i < orderings.Count; i++)
        {
            Add(orderings[i], string.Create(CultureInfo.InvariantCulture, $"o{i}"), sql, collate);
        }

        if (!orderings.Any(o => o is { Entity: RunGrammar.Attribute, Key: RunGrammar.StartTime }))
        {
            columns.Add(new SortColumn("r.start_ms", SortType.Integer, true));
        }

        columns.Add(new SortColumn("r.id", SortType.Text, false));
    }

    public IReadOnlyList<Ordering> Orderings { get; }

    public IReadOnlyList<SortColumn> Columns => columns;

    public string Joins => string.Concat(joins);

    /// <summary>The columns of a walk along a metric, whose row is <c>m</c> where the rank has one.</summary>
    /// <param name="rank">0 a number, 1 NaN, 2 missing.</param>
    public static IReadOnlyList<SortColumn> OfMetric(int rank, bool descending) =>
    [
        new(string.Create(CultureInfo.InvariantCulture, $"{rank}"), SortType.Integer, false, true),
        new(rank == 0 ? "m.kind" : "0", SortType.Integer, descending, rank > 0),
        new(rank == 0 ? "m.value" : "cast(0 as double precision)", SortType.Number, descending, rank > 0),
        new("r.start_ms", SortType.Integer, true),
        new("r.id", SortType.Text, false),
    ];

    public static string OrderBy(IEnumerable<SortColumn> columns) =>
        string.Join(", ", columns.Where(c => !c.IsConstant).Select(c => c.Descending ? $"{c.Sql} desc" : c.Sql));

    /// <summary>The condition of the rows that come after a position.</summary>
    public static string After(IReadOnlyList<SortColumn> columns, RunPosition position, FilterSql sql)
    {
        var after = "false";
        for (var i = columns.Count - 1; i >= 0; i--)
        {
            var (column, value) = (columns[i], sql.Bind(position.ValueOf(i, columns[i].Type)));
            var beyond = $"{column.Sql} {(column.Descending ? "<" : ">")} {value}";
            after = i == columns.Count - 1 ? beyond : $"({beyond} or ({column.Sql} = {value} and {after}))";
        }

        return after;
    }

    private void Add(Ordering ordering, string alias, FilterSql sql, string collate)
    {
        if (ordering.Entity == RunGrammar.Metric)
        {
            joins.Add($" left join latest_metrics {alias} on {alias}.run_id = r.id and {alias}.key = {sql.Bind(ordering.Key)}");
            columns.Add(new SortColumn($"case when {alias}.run_id is null then 2 when {alias}.kind = 2 then 1 else 0 end", SortType.Integer, false));
            columns.Add(new SortColumn($"case when {alias}.kind < 2 then {alias}.kind else 0 end", SortType.Integer, ordering.Descending));
            columns.Add(new SortColumn($"coalesce({alias}.value, 0.0)", SortType.Number, ordering.Descending));
            return;
        }

        var value = RunConditions.Attribute(ordering.Key);
        if (ordering.Entity is RunGrammar.Param or RunGrammar.Tag)
        {
            joins.Add($" left join {RunConditions.Table(ordering.Entity)} {alias} on {alias}.run_id = r.id and {alias}.key = {sql.Bind(ordering.Key)}");
            value = $"{alias}.value";
        }
        else if (ordering.Entity == RunGrammar.Dataset)
        {
            value = $"(select min(i.{ordering.Key}) from run_inputs i where i.run_id = r.id)";
        }

        AddValue(ordering, value, collate);
    }

    private void AddValue(Ordering ordering, string value, string collate)
    {
        if (ordering is { Entity: RunGrammar.Attribute, Key: not "end_time" })
        {
            columns.Add(ordering.Type == FilterType.Number
                ? new SortColumn(value, SortType.Integer, ordering.Descending)
                : new SortColumn($"{value}{collate}", SortType.Text, ordering.Descending));
            return;
        }

        columns.Add(new SortColumn($"case when {value} is null then 1 else 0 end", SortType.Integer, false));
        columns.Add(ordering.Type == FilterType.Number
            ? new SortColumn($"coalesce({value}, 0)", SortType.Integer, ordering.Descending)
            : new SortColumn($"coalesce({value}, ''){collate}", SortType.Text, ordering.Descending));
    }
}
