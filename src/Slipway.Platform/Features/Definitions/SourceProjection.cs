using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Expressions;

namespace Slipway.Platform.Features.Definitions;

/// <summary>
/// What a view sees of its source: computed columns added, rows filtered, fields renamed. One definition, two forms: over rows in memory
/// (streams) and as SQL (files), with equal results.
/// </summary>
public sealed class SourceProjection
{
    private readonly ViewSource source;
    private readonly List<(string Name, Expression Formula)> computed = [];
    private readonly List<Expression> filters = [];

    /// <param name="columns">The columns the file or topic holds.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when a formula or a renamed field does not fit them.</exception>
    public SourceProjection(ViewSource source, IReadOnlyList<ColumnSchema> columns)
    {
        this.source = source;
        var all = columns.ToList();
        foreach (var column in source.Source.Computed)
        {
            var formula = Expression.Compile(column.Expression, all, column.Type);
            computed.Add((column.Name, formula));
            all.Add(all.All(c => c.Name != column.Name)
                ? new ColumnSchema(column.Name, formula.Type)
                : throw SlipwayException.Invalid($"Computed column '{column.Name}': the source has a column of that name."));
        }

        foreach (var filter in new[] { source.Source.Filter, source.Filter })
        {
            if (filter is not null)
            {
                filters.Add(Expression.Compile(filter, all, DataType.Bool));
            }
        }

        Columns = Renamed(all);
    }

    /// <summary>The columns after all of it.</summary>
    public IReadOnlyList<ColumnSchema> Columns { get; }

    public Table Apply(Table rows)
    {
        foreach (var (name, formula) in computed)
        {
            rows = rows.With(formula.Evaluate(rows, name));
        }

        foreach (var filter in filters)
        {
            var holds = filter.Evaluate(rows, "holds");
            rows = rows.Where(row => !holds.IsNull(row) && holds.Bools[row]);
        }

        return new Table([.. rows.Columns.Select(c => c.Rename(source.FieldMap.GetValueOrDefault(c.Name, c.Name)))]);
    }

    /// <summary>A DuckDB query.</summary>
    /// <param name="relation">What stands for the source after <c>from</c>, as <c>read_parquet('…')</c>.</param>
    public string ToDuckDbSql(string relation)
    {
        var query = $"select * from {relation}";
        foreach (var (name, formula) in computed)
        {
            query = $"select *, {formula.ToDuckDbSql()} as {Quote(name)} from ({query})";
        }

        foreach (var filter in filters)
        {
            query = $"select * from ({query}) where {filter.ToDuckDbSql()}";
        }

        return source.FieldMap.Count == 0 ? query
            : $"select * rename ({string.Join(", ", source.FieldMap.Select(f => $"{Quote(f.Key)} as {Quote(f.Value)}"))}) from ({query})";
    }

    internal static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private List<ColumnSchema> Renamed(List<ColumnSchema> columns)
    {
        foreach (var from in source.FieldMap.Keys.Where(from => columns.All(c => c.Name != from)))
        {
            throw SlipwayException.Invalid(
                $"Field map: there is no column '{from}'; there are {string.Join(", ", columns.Select(c => c.Name))}.");
        }

        var renamed = columns.Select(c => c with { Name = source.FieldMap.GetValueOrDefault(c.Name, c.Name) }).ToList();
        var twice = renamed.GroupBy(c => c.Name).FirstOrDefault(g => g.Count() > 1);
        return twice is null ? renamed : throw SlipwayException.Invalid($"Field map: two columns would be called '{twice.Key}'.");
    }
}
