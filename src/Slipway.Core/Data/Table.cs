using Slipway.Core.Errors;

namespace Slipway.Core.Data;

/// <summary>Columns of equal length with distinct names: the form in which rows travel between the modules.</summary>
public sealed class Table
{
    private readonly Dictionary<string, Column> byName;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when lengths differ or a name stands twice.</exception>
    public Table(IReadOnlyList<Column> columns)
    {
        Columns = columns;
        Rows = columns.Count == 0 ? 0 : columns[0].Length;
        byName = new Dictionary<string, Column>(columns.Count, StringComparer.Ordinal);
        foreach (var column in columns)
        {
            if (column.Length != Rows)
            {
                throw SlipwayException.Invalid($"Column '{column.Name}' has {column.Length} rows; the table has {Rows}.");
            }

            if (!byName.TryAdd(column.Name, column))
            {
                throw SlipwayException.Invalid($"Column '{column.Name}' stands twice in the table.");
            }
        }
    }

    public IReadOnlyList<Column> Columns { get; }

    public int Rows { get; }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when there is no such column.</exception>
    public Column this[string name] => byName.TryGetValue(name, out var column)
        ? column
        : throw SlipwayException.Invalid($"There is no column '{name}'; there are {string.Join(", ", byName.Keys)}.");

    public bool Has(string name) => byName.ContainsKey(name);

    public Table Select(IEnumerable<string> names) => new([.. names.Select(name => this[name])]);

    /// <summary>The same table with the columns added, replacing those of the same name.</summary>
    public Table With(params IReadOnlyList<Column> added)
    {
        var names = added.Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        return new Table([.. Columns.Where(c => !names.Contains(c.Name)), .. added]);
    }

    /// <summary>A new table holding the given rows in the given order.</summary>
    public Table Take(ReadOnlySpan<int> rows)
    {
        var taken = new Column[Columns.Count];
        for (var i = 0; i < taken.Length; i++)
        {
            taken[i] = Columns[i].Take(rows);
        }

        return new Table(taken);
    }

    /// <summary>The rows for which the predicate holds, in order.</summary>
    public Table Where(Func<int, bool> predicate)
    {
        var rows = new List<int>();
        for (var i = 0; i < Rows; i++)
        {
            if (predicate(i))
            {
                rows.Add(i);
            }
        }

        return Take(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(rows));
    }
}
