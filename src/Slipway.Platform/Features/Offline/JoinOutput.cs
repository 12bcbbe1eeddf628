using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Offline;

/// <summary>Gathers the features of one block after the other and lays them beside the entity rows.</summary>
internal sealed class JoinOutput(EntityFile entities, IReadOnlyList<ColumnSchema> features, ScratchFolder scratch, AnalyticsEngine analytics)
{
    private readonly List<string> parts = [];

    public long Rows { get; private set; }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for another extension, or a folder that is not there.</exception>
    public static bool IsCsv(string output)
    {
        var extension = Path.GetExtension(output).ToLowerInvariant();
        var folder = Path.GetDirectoryName(Path.GetFullPath(output))!;
        return extension is not (".csv" or ".parquet")
            ? throw SlipwayException.Invalid($"The result '{output}' must be called .csv or .parquet.")
            : Directory.Exists(folder) ? extension == ".csv" : throw SlipwayException.Invalid($"There is no folder '{folder}' for the result.");
    }

    public async Task AddAsync(Table block, CancellationToken cancel)
    {
        // Numbers for names: the features' own may differ in case only from one another or from DuckDB's.
        var file = scratch.File($"part{parts.Count}.parquet");
        var part = new Table([.. block.Columns.Select((column, i) => column.Rename(Numbered(i)))]);
        await analytics.RunAsync(
            session =>
            {
                session.Load("part", part);
                session.Execute($"copy part to {Sql.Text(file)} (format parquet, compression uncompressed)");
                return 0;
            },
            cancel);
        parts.Add(file);
        Rows += block.Rows;
    }

    public Task WriteAsync(string output, CancellationToken cancel) => analytics.RunAsync(
        session =>
        {
            var csv = IsCsv(output);
            var computed = $"read_parquet([{string.Join(", ", parts.Select(Sql.Text))}])";
            var query = $"select {string.Join(", ", Carried(session, csv).Concat(Computed(csv)))} from {entities.Carried} e positional join {computed} f";
            session.Copy(query, output, csv ? "format csv, header, nullstr ''" : "format parquet, compression zstd");
            return 0;
        },
        cancel);

    private IEnumerable<string> Carried(AnalyticsSession session, bool csv)
    {
        if (!csv)
        {
            return entities.Names.Select(name => $"e.{Sql.Name(name)}");
        }

        var types = session.Query($"select column_type from (describe select * from {entities.Carried})").Columns[0].Strings;
        return entities.Names.Select((name, i) => types[i]!.StartsWith("TIMESTAMP", StringComparison.Ordinal)
            ? $"{Iso($"e.{Sql.Name(name)}::timestamp")} as {Sql.Name(name)}" : $"e.{Sql.Name(name)}");
    }

    private IEnumerable<string> Computed(bool csv) => features.Select((feature, i) =>
        $"{(csv ? Text(feature.Type, $"f.{Numbered(i)}") : $"f.{Numbered(i)}")} as {Sql.Name(feature.Name)}");

    private static string Text(DataType type, string value) => type switch
    {
        DataType.Timestamp => Iso(value),
        DataType.TimestampArray => $"to_json(list_transform({value}, x -> {Iso("x")}))::varchar",
        _ => type.IsArray() ? $"to_json({value})::varchar" : value,
    };

    /// <summary>ISO 8601 in UTC, with a fraction where there is one.</summary>
    private static string Iso(string time) =>
        $"case when microsecond({time}) % 1000000 = 0 then strftime({time}, '%Y-%m-%dT%H:%M:%SZ') else strftime({time}, '%Y-%m-%dT%H:%M:%S.%fZ') end";

    private static string Numbered(int i) => $"f{i}";
}
