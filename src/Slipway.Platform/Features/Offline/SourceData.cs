using Slipway.Core.Data;

namespace Slipway.Platform.Features.Offline;

/// <summary>The rows of a source: in a Parquet file, or at hand.</summary>
public sealed record SourceData
{
    private SourceData()
    {
    }

    public string? Path { get; private init; }

    public Table? Table { get; private init; }

    /// <param name="path">Of a Parquet file.</param>
    public static SourceData File(string path) => new() { Path = path };

    public static SourceData Of(Table table) => new() { Table = table };
}
