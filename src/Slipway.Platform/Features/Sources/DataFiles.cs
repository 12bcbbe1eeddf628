using System.Text.RegularExpressions;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Sources;

/// <summary>
/// Finds what a path means: one Parquet or CSV file, files by a pattern (<c>year=*/*.parquet</c>), or a folder with all Parquet files in and
/// below it. Folders called <c>name=value</c> are columns. Files are read in the order of their names.
/// </summary>
internal static partial class DataFiles
{
    /// <param name="wanted">The types that columns of a CSV file, and those of folders, must have.</param>
    /// <exception cref="SlipwayException">NotFound, or Invalid when a file cannot be read as what it is.</exception>
    public static SourceRelation Open(AnalyticsSession session, string path, IReadOnlyDictionary<string, DataType> wanted)
    {
        if (File.Exists(path))
        {
            return IsCsv(path) ? new CsvFile(path).Typed(session, wanted) : Parquet(session, Single(path));
        }

        var pattern = Directory.Exists(path) ? Path.Combine(path, "**", "*.parquet") : path;
        var files = pattern.Contains('*', StringComparison.Ordinal) || pattern.Contains('?', StringComparison.Ordinal)
            ? session.Query($"select file from glob({Sql.Text(pattern)}) order by file").Columns[0].Strings : [];
        return files.Length == 0
            ? throw SlipwayException.NotFound($"The data file '{path}' does not exist{(pattern == path ? "" : " or holds no Parquet files")}.")
            : Parquet(session, Several(files!, wanted));
    }

    public static bool IsCsv(string path) =>
        path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".csv.gz", StringComparison.OrdinalIgnoreCase);

    /// <summary>The columns of a query with the types that a table gives them.</summary>
    public static IReadOnlyList<ColumnSchema> Columns(AnalyticsSession session, string relation)
    {
        var described = session.Query($"select column_name, column_type from (describe select * from {relation})");
        var (names, types) = (described.Columns[0].Strings, described.Columns[1].Strings);
        return [.. names.Select((name, i) => (Name: name!, Type: TypeOf(types[i]!))).Where(c => c.Type is not null)
            .Select(c => new ColumnSchema(c.Name, c.Type!.Value))];
    }

    private static SourceRelation Parquet(AnalyticsSession session, string relation) => new(relation, Columns(session, relation));

    private static string Single(string path)
    {
        ParquetFile.Check(path);
        return $"read_parquet({Sql.Text(path)})";
    }

    private static string Several(string[] files, IReadOnlyDictionary<string, DataType> wanted)
    {
        Array.ForEach(files, ParquetFile.Check);
        var types = files.SelectMany(file => FolderColumn().Matches(file)).Select(match => match.Groups[1].Value).Distinct()
            .Where(wanted.ContainsKey).Select(name => $"{Sql.Text(name)}: {Sql.TypeName(wanted[name])}").ToArray();
        var folders = types.Length == 0 ? "" : $", hive_types = {{{string.Join(", ", types)}}}";
        return $"read_parquet([{string.Join(", ", files.Select(Sql.Text))}], hive_partitioning = true, union_by_name = true{folders})";
    }

    private static DataType? TypeOf(string type) => type switch
    {
        _ when type.EndsWith(']') => TypeOf(type[..type.LastIndexOf('[')]) is { } element && !element.IsArray() ? DataTypes.ArrayOf(element) : null,
        "BOOLEAN" => DataType.Bool,
        "FLOAT" => DataType.Float32,
        "DOUBLE" => DataType.Float64,
        "VARCHAR" or "UUID" => DataType.String,
        "DATE" => DataType.Timestamp,
        _ when type.EndsWith("INT", StringComparison.Ordinal) || type.EndsWith("INTEGER", StringComparison.Ordinal) => DataType.Int64,
        _ when type.StartsWith("DECIMAL", StringComparison.Ordinal) && type.EndsWith(')') => DataType.Float64,
        _ when type.StartsWith("TIMESTAMP", StringComparison.Ordinal) && !type.EndsWith(']') => DataType.Timestamp,
        _ when type.StartsWith("ENUM", StringComparison.Ordinal) && type.EndsWith(')') => DataType.String,
        _ => null,
    };

    [GeneratedRegex(@"[/\\]([^/\\=]+)=[^/\\]*(?=[/\\])")]
    private static partial Regex FolderColumn();
}
