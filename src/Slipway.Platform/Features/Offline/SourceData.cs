using Slipway.Core.Data;
using Slipway.Platform.Features.Sources;

namespace Slipway.Platform.Features.Offline;

/// <summary>The rows of a source: in a Parquet file, in what DuckDB reads, or at hand.</summary>
public sealed record SourceData
{
    private SourceData()
    {
    }

    public string? Path { get; private init; }

    public SourceRelation? Relation { get; private init; }

    public Table? Table { get; private init; }

    /// <param name="path">Of a Parquet file.</param>
    public static SourceData File(string path) => new() { Path = path };

    public static SourceData Of(SourceRelation relation) => new() { Relation = relation };

    public static SourceData Of(Table table) => new() { Table = table };
}
