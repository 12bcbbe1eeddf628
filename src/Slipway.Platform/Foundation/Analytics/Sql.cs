using Slipway.Core.Data;

namespace Slipway.Platform.Foundation.Analytics;

/// <summary>Quoting for DuckDB, where a parameter cannot stand.</summary>
public static class Sql
{
    public static string Text(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    public static string Name(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>The type under which DuckDB holds a column's values.</summary>
    public static string TypeName(DataType type) => type switch
    {
        DataType.Bool => "boolean",
        DataType.Int64 => "bigint",
        DataType.Timestamp => "timestamp",
        DataType.String => "varchar",
        DataType.Float32 => "float",
        DataType.Float64 => "double",
        _ => $"{TypeName(type.Element())}[]",
    };
}
