using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Serving.Scoring;

/// <summary>A file of rows as DuckDB reads it: the rows of all three formats become Parquet, which can be entered anywhere.</summary>
/// <param name="Parquet">Where its rows are; of another format a copy, in which every value is the text that stood there.</param>
/// <param name="Columns">By name, DuckDB's type of each.</param>
/// <param name="Broken">Lines that could not be taken apart, which are among the rejected already.</param>
internal sealed record ScoringFile(string Path, string Parquet, long Rows, IReadOnlyDictionary<string, string> Columns, long Broken)
{
    /// <summary>The row's number in the file, from 0.</summary>
    public const string RowNumber = "file_row_number";

    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>The rows of a part, after <c>from</c>.</summary>
    public string Sql(ScoringPart part) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"(select * from read_parquet({Foundation.Analytics.Sql.Text(Parquet)}, file_row_number = true) where {RowNumber} >= {part.First} and {RowNumber} < {part.First + part.Rows})");

    /// <summary>The files of a path in the order of their names.</summary>
    /// <exception cref="SlipwayException">NotFound; Invalid for a format that is not read.</exception>
    public static IReadOnlyList<string> Find(string path)
    {
        if (File.Exists(path))
        {
            return FormatOf(path) is not null ? [path] : throw SlipwayException.Invalid(
                $"The input '{path}' is of no format that is scored; it ends in .parquet, .csv, .jsonl or .ndjson (the last three also with .gz).");
        }

        var files = Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
                .Where(file => FormatOf(file) is not null && !System.IO.Path.GetRelativePath(path, file).Split(System.IO.Path.DirectorySeparatorChar)
                    .Any(part => part.StartsWith('_') || part.StartsWith('.')))
                .Order(StringComparer.Ordinal).ToArray()
            : throw SlipwayException.NotFound($"The input '{path}' does not exist.");
        return files.Length > 0 ? files : throw SlipwayException.NotFound($"The folder '{path}' holds no Parquet, CSV or JSON lines files.");
    }

    /// <summary>Looks at a file; one that is not Parquet is copied.</summary>
    /// <param name="copy">The file of the copy.</param>
    /// <param name="rejected">The file of the lines that cannot be taken apart; it is not made when there are none.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when it is not what its name says.</exception>
    public static ScoringFile Open(AnalyticsSession session, string path, string copy, string rejected)
    {
        var (parquet, broken) = (copy, 0L);
        switch (FormatOf(path))
        {
            case Format.Csv:
                broken = TextCopy.Csv(session, path, copy, rejected);
                break;
            case Format.JsonLines:
                broken = TextCopy.JsonLines(session, path, copy, rejected);
                break;
            default:
                ParquetFile.Check(path);
                parquet = path;
                break;
        }

        var source = $"read_parquet({Foundation.Analytics.Sql.Text(parquet)})";
        var columns = session.Query($"select column_name, column_type from (describe select * from {source})");
        var types = columns.Columns[0].Strings.Zip(columns.Columns[1].Strings).ToDictionary(column => column.First!, column => column.Second!, StringComparer.Ordinal);
        return new ScoringFile(path, parquet, session.Query($"select count(*) as n from {source}")["n"].Longs[0], types, broken);
    }

    private static Format? FormatOf(string path)
    {
        var name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        return System.IO.Path.GetExtension(name).ToLowerInvariant() switch
        {
            ".parquet" when name == path => Format.Parquet,
            ".csv" => Format.Csv,
            ".jsonl" or ".ndjson" => Format.JsonLines,
            _ => null,
        };
    }

    private enum Format
    {
        Parquet,
        Csv,
        JsonLines,
    }
}

/// <summary>Consecutive rows of one file.</summary>
/// <param name="File">Its place among the files.</param>
internal sealed record ScoringPart(int Number, int File, long First, long Rows)
{
    public string FileName => $"part-{Number:D5}.parquet";

    /// <summary>Cuts the files into parts.</summary>
    public static IReadOnlyList<ScoringPart> Of(IReadOnlyList<ScoringFile> files, int partRows)
    {
        var parts = new List<ScoringPart>();
        for (var file = 0; file < files.Count; file++)
        {
            for (var first = 0L; first < files[file].Rows; first += partRows)
            {
                parts.Add(new ScoringPart(parts.Count, file, first, Math.Min(partRows, files[file].Rows - first)));
            }
        }

        return parts;
    }
}
