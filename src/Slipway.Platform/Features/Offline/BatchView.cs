using Slipway.Core.Data;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Offline;

/// <summary>A batch view made ready to run in DuckDB.</summary>
internal sealed record BatchView(StoredView Stored, FeatureRepository Repository, FeatureViewDefinition Definition)
{
    private const string Relation = "slipway_rows";

    /// <summary>Null where nothing is expected of its rows.</summary>
    public ViewExpectations? Expectations { get; } = ViewExpectations.Of(Stored.Key, Repository, Definition);

    /// <summary>The name of its source: what callers give its rows under.</summary>
    public string SourceName => Definition.Source!.Source.Name ?? Definition.Name;

    /// <summary>Join keys, event time, created time where there is one, features: by event time.</summary>
    public Table Run(AnalyticsSession session, SourceData data) =>
        session.Read($"select * from ({Kept(session, data)}) order by {Sql.Name(BatchQuery.EventTimestamp)}", Repository.RowColumns(Definition));

    /// <summary>Holds all rows to what is expected of them.</summary>
    /// <exception cref="Core.Errors.SlipwayException"><see cref="Core.Errors.ErrorKind.Invalid"/> where an expectation says so.</exception>
    public IReadOnlyList<ExpectationViolation> Check(AnalyticsSession session, SourceData data) =>
        Expectations?.Count(session, Expectations.Marked(Prepare(session, data))) ?? [];

    /// <summary>The same rows in the order in which the source has them, as they come.</summary>
    public void Stream(
        AnalyticsSession session, SourceData data, IReadOnlyList<ColumnSchema> columns, TimeRange times, Action<IReadOnlyList<ColumnChunk>> take)
    {
        // Parquet skips the row groups that lie outside.
        var within = new[] { Bound(">=", times.From), Bound("<=", times.To) }.OfType<string>().ToArray();
        session.Stream(
            $"select * from ({Kept(session, data)}){(within.Length == 0 ? "" : $" where {string.Join(" and ", within)}")}", columns, take);
    }

    /// <summary>The rows of the source that a run needs; null where rows of other times may have a part in them, as in SQL.</summary>
    /// <param name="withLate">Whether rows count that were written after the beginning and hold since before.</param>
    public SourceWindow? Window(RunPosition run, bool withLate)
    {
        var source = Definition.Source!;
        if (Definition.Sql is not null || Column(source.EventTimestamp) is not { } at)
        {
            return null;
        }

        var created = withLate && source.CreatedTimestamp is { } name ? Column(name) : null;
        return withLate && source.CreatedTimestamp is not null && created is null ? null : new SourceWindow(at, created, run.FromUs, run.ToUs);

        // Formulas are not known where the rows are.
        string? Column(string named)
        {
            var column = source.FieldMap.FirstOrDefault(field => field.Value == named).Key ?? named;
            return source.Source.Computed.Any(computed => computed.Name == column) ? null : column;
        }
    }

    private string Kept(AnalyticsSession session, SourceData data) =>
        Expectations?.Kept(Expectations.Marked(Prepare(session, data))) ?? Prepare(session, data);

    /// <summary>The query that computes its rows in no order, whatever is expected of them, its source ready to be read.</summary>
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

        var known = Definition.Source!.Source.Columns is { Count: > 0 } declared ? declared : data.Relation?.Columns;
        var relation = known is null ? from : $"(select {string.Join(", ", known.Select(Cast))} from {from})";
        return BatchQuery.Sql(Repository, Definition, known ?? Describe(session, from), relation);
    }

    /// <summary>Null where the bound is so far off that DuckDB has no such time.</summary>
    private static string? Bound(string comparison, long microseconds) =>
        Math.Abs((double)microseconds) > 9e18 ? null
            : $"{Sql.Name(BatchQuery.EventTimestamp)} {comparison} make_timestamp({microseconds.ToString(System.Globalization.CultureInfo.InvariantCulture)})";

    /// <summary>The columns that a file or table has and features can use.</summary>
    private static IReadOnlyList<ColumnSchema> Describe(AnalyticsSession session, string from) => DataFiles.Columns(session, from);

    /// <summary>Files hold integers of any width; formulas were checked against the declared types.</summary>
    private static string Cast(ColumnSchema column) => $"{Sql.Name(column.Name)}::{Sql.TypeName(column.Type)} as {Sql.Name(column.Name)}";
}
