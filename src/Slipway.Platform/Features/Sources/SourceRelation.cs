using Slipway.Core.Data;

namespace Slipway.Platform.Features.Sources;

/// <summary>The rows of a source as DuckDB reads them.</summary>
/// <param name="Sql">What stands for them after <c>from</c>.</param>
/// <param name="Columns">Those that features can use: columns of other types (lists, structs, …) are left out.</param>
public sealed record SourceRelation(string Sql, IReadOnlyList<ColumnSchema> Columns);
