namespace Slipway.Platform.Foundation.Analytics;

/// <summary>Quoting for DuckDB, where a parameter cannot stand.</summary>
public static class Sql
{
    public static string Text(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    public static string Name(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
