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

    /// <summary>The query that computes the same in no order, its source ready to be read.</summary>
    public string Prepare(AnalyticsSession session, SourceData data)
    {
        var from = Relation;
        if (data.Table is { } table)
        {
            session.Load(Relation, table);
        }
        else
        {
            from = $"read_parquet({Sql.Text(data.Path!)})";
        }

        var declared = Definition.Source!.Source.Columns;
        var columns = declared.Count > 0 ? declared : Describe(session, from);
        var relation = declared.Count > 0 ? $"(select {string.Join(", ", declared.Select(Cast))} from {from})" : from;
        return BatchQuery.Sql(Repository, Definition, columns, relation);
    }

    /// <summary>The columns that a file or table has: an empty result carries them.</summary>
    private static List<ColumnSchema> Describe(AnalyticsSession session, string from) =>
        [.. session.Query($"select * from {from} limit 0").Columns.Select(column => new ColumnSchema(column.Name, column.Type))];

    /// <summary>Files hold integers of any width; formulas were checked against the declared types.</summary>
    private static string Cast(ColumnSchema column) => $"{Sql.Name(column.Name)}::{SqlType(column.Type)} as {Sql.Name(column.Name)}";

    private static string SqlType(DataType type) => type switch
    {
        DataType.Bool => "boolean",
        DataType.Int64 => "bigint",
        DataType.Float32 => "float",
        DataType.Float64 => "double",
        DataType.String => "varchar",
        _ => "timestamp",
    };
}
