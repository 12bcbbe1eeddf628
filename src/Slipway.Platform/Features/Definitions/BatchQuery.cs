using Slipway.Core.Data;
using SqlNames = Slipway.Platform.Foundation.Analytics.Sql;
using static Slipway.Platform.Features.Definitions.SourceProjection;

namespace Slipway.Platform.Features.Definitions;

/// <summary>The DuckDB query that computes a batch view.</summary>
public static class BatchQuery
{
    public const string EventTimestamp = "event_timestamp";
    public const string CreatedTimestamp = "created_timestamp";

    /// <summary>
    /// Selects the join keys, <see cref="EventTimestamp"/>, <see cref="CreatedTimestamp"/> where the view has one, and the features, each
    /// cast to its declared type. The view's own SQL sees the relation <c>source</c>.
    /// </summary>
    /// <param name="columns">The columns the file holds.</param>
    /// <param name="relation">What stands for the file after <c>from</c>.</param>
    public static string Sql(FeatureRepository repository, FeatureViewDefinition view, IReadOnlyList<ColumnSchema> columns, string relation)
    {
        var source = view.Source!;
        var selected = repository.JoinKeys(view).Select(k => Cast(k.Name, k.Name, k.Type))
            .Append(Cast(source.EventTimestamp, EventTimestamp, DataType.Timestamp))
            .Concat(source.CreatedTimestamp is { } created ? [Cast(created, CreatedTimestamp, DataType.Timestamp)] : [])
            .Concat(view.Features.Select(Cast));
        return $"""
            with source as ({new SourceProjection(source, columns).ToDuckDbSql(relation)})
            select {string.Join(", ", selected)}
            from ({view.Sql?.TrimEnd().TrimEnd(';') ?? "select * from source"})
            """;
    }

    private static string Cast(string column, string name, DataType type) => $"{Quote(column)}::{SqlNames.TypeName(type)} as {Quote(name)}";

    private static string Cast(FeatureDefinition feature)
    {
        var column = Quote(feature.Name);
        return feature.Dimension is not { } dimension ? Cast(feature.Name, feature.Name, feature.Type) : $"""
            case when {column} is null or len({column}) = {dimension} then {column}::{SqlNames.TypeName(feature.Type)}
            else error('Feature ''{feature.Name}'' is an embedding of {dimension} numbers; a row has ' || len({column}) || '.') end as {column}
            """;
    }
}
