using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Offline;

/// <summary>The file whose rows get features. It is read twice: typed, to be matched, and as it is, to be carried into the result.</summary>
internal sealed class EntityFile
{
    private readonly string typed;
    private readonly IReadOnlyList<ColumnSchema> needed;

    private EntityFile(string typed, string carried, IReadOnlyList<string> names, IReadOnlyList<ColumnSchema> needed)
    {
        this.typed = typed;
        this.needed = needed;
        Carried = carried;
        Names = names;
    }

    /// <summary>What stands for the file after <c>from</c>, with the types it has itself; CSV that stays CSV with its text untouched.</summary>
    public string Carried { get; }

    public IReadOnlyList<string> Names { get; }

    /// <param name="needed">Columns that the join reads, and as what.</param>
    /// <param name="toCsv">Whether the result will be CSV.</param>
    /// <exception cref="SlipwayException">NotFound; Invalid naming the column that is missing or of another type, or row and value.</exception>
    public static EntityFile Open(AnalyticsSession session, string file, IReadOnlyList<ColumnSchema> needed, bool toCsv)
    {
        if (!File.Exists(file))
        {
            throw SlipwayException.NotFound($"The entity file '{file}' does not exist.");
        }

        if (DataFiles.IsCsv(file))
        {
            var csv = new CsvFile(file);
            Has(file, csv.Names, needed);
            var values = csv.Typed(session, needed.ToDictionary(c => c.Name, c => c.Type, StringComparer.Ordinal));
            return new EntityFile(values.Sql, toCsv ? csv.Text : values.Sql, csv.Names, needed);
        }

        ParquetFile.Check(file);
        var relation = $"read_parquet({Sql.Text(file)})";
        string[] names = [.. session.Query($"select column_name from (describe select * from {relation})").Columns[0].Strings!];
        Has(file, names, needed);
        Fits(file, DataFiles.Columns(session, relation), needed);
        return new EntityFile(relation, relation, names, needed);
    }

    /// <summary>The columns that the join reads, of a block of rows.</summary>
    public Table Read(AnalyticsSession session, long from, int rows) => session.Read(
        $"select {string.Join(", ", needed.Select(c => Sql.Name(c.Name)))} from {typed} limit {rows} offset {from}", needed);

    private static void Has(string file, IReadOnlyList<string> names, IReadOnlyList<ColumnSchema> needed)
    {
        if (needed.FirstOrDefault(column => !names.Contains(column.Name)) is { } missing)
        {
            throw SlipwayException.Invalid(
                $"'{file}' has no column '{missing.Name}' ({Lower(missing.Type)}), which the features need; it has {string.Join(", ", names)}.");
        }
    }

    private static void Fits(string file, IReadOnlyList<ColumnSchema> columns, IReadOnlyList<ColumnSchema> needed)
    {
        foreach (var column in needed)
        {
            var found = columns.FirstOrDefault(c => c.Name == column.Name)?.Type;
            var fits = found == column.Type || (column.Type is DataType.Float64 or DataType.Float32 && found is DataType.Int64 or DataType.Float32 or DataType.Float64);
            if (!fits)
            {
                throw SlipwayException.Invalid($"Column '{column.Name}' of '{file}' is {(found is { } type ? Lower(type) : "of a type that cannot be joined")}; "
                    + $"the features need {Lower(column.Type)}.");
            }
        }
    }

    private static string Lower(DataType type) => type.Text();
}
