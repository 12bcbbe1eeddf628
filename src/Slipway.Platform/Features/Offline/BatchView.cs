using Slipway.Core.Data;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Offline;

/// <summary>A batch view made ready to run in DuckDB.</summary>
internal sealed record BatchView(StoredView Stored, FeatureRepository Repository, FeatureViewDefinition Definition)
{
    private const string Relation = "slipway_rows";

    /// <summary>The name of its source: what callers give its rows under.</summary>
    public string SourceName => Definition.Source!.Source.Name ?? Definition.Name;

    /// <summary>Join keys, event time, created time where there is one, features: by event time.</summary>
    public Table Run(AnalyticsSession session, SourceData data) =>
        session.Query($"select * from ({Prepare(session, data)}) order by {Sql.Name(BatchQuery.EventTimestamp)}");

    /// <summary>The same rows in the order in which the source has them, as they come.</summary>
    public void Stream(
        AnalyticsSession session, SourceData data, IReadOnlyList<ColumnSchema> columns, TimeRange times, Action<IReadOnlyList<ColumnChunk>> take)
    {
        // Parquet skips the row groups that lie outside.
        var within = new[] { Bound(">=", times.From), Bound("<=", times.To) }.OfType<string>().ToArray();
        session.Stream(
            $"select * from ({Prepare(session, data)}){(within.Length == 0 ? "" : $" where {string.Join(" and ", within)}")}", columns, take);
    }

    /// <summary>The query that computes the same in no order, its source ready to be read.</summary>
    public string Prepare(AnalyticsSession session, SourceData data)
    {
        var from = data.Relation?.Sql ?? Relation;
        if (data.Table is { } table)
        {
            session.Load(Relation, table);
        }
        else if (data.Path is { } path)
        {
            from = $"read_parquet({Sql.Text(path)})";
        }

        var declared = Definition.Source!.Source.Columns;
        var columns = declared.Count > 0 ? declared : Describe(session, from);
        var relation = declared.Count > 0 ? $"(select {string.Join(", ", declared.Select(Cast))} from {from})" : from;
        return BatchQuery.Sql(Repository, Definition, columns, relation);
    }

    /// <summary>Null where the bound is so far off that DuckDB has no such time.</summary>
    private static string? Bound(string comparison, long microseconds) =>
        Math.Abs((double)microseconds) > 9e18 ? null
            : $"{Sql.Name(BatchQuery.EventTimestamp)} {comparison} make_timestamp({microseconds.ToString(System.Globalization.CultureInfo.InvariantCulture)})";

    /// <summary>The columns that a file or table has: an empty result carries them.</summary>
    private static List<ColumnSchema> Describe(AnalyticsSession session, string from) =>
        [.. session.Query($"select * from {from} limit 0").Columns.Select(column => new ColumnSchema(column.Name, column.Type))];

    /// <summary>Files hold integers of any width; formulas were checked against the declared types.</summary>
    private static string Cast(ColumnSchema column) => $"{Sql.Name(column.Name)}::{Sql.TypeName(column.Type)} as {Sql.Name(column.Name)}";
}
