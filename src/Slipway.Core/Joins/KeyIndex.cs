using System.Runtime.InteropServices;
using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Core.Joins;

/// <summary>
/// Numbers keys 0, 1, 2… in the order of their first appearance. A composite key is numbered by folding pairs of numbers, so that
/// two different keys can never meet, whatever their values contain. A key with a null component has no number: null equals nothing.
/// </summary>
public sealed class KeyIndex
{
    private const int None = -1;

    private readonly IReadOnlyList<ColumnSchema> columns;
    private readonly Dictionary<string, int>[] texts;
    private readonly Dictionary<long, int>[] numbers;
    private readonly Dictionary<(int Left, int Right), int>[] pairs;
    private readonly List<int>[] components;

    /// <param name="columns">The components. None at all means one key that everything has.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a floating-point component: equality of those is an accident.</exception>
    public KeyIndex(IReadOnlyList<ColumnSchema> columns)
    {
        foreach (var column in columns.Where(c => c.Type is DataType.Float32 or DataType.Float64 || c.Type.IsArray()))
        {
            throw SlipwayException.Invalid($"'{column.Name}' is {Lower(column.Type)} and cannot be a join key; use int64 or string.");
        }

        this.columns = columns;
        texts = [.. columns.Select(_ => new Dictionary<string, int>(StringComparer.Ordinal))];
        numbers = [.. columns.Select(_ => new Dictionary<long, int>())];
        pairs = [.. columns.Skip(1).Select(_ => new Dictionary<(int, int), int>())];
        components = [.. columns.Select(_ => new List<int>())];
        Count = columns.Count == 0 ? 1 : 0;
    }

    /// <summary>How many keys have a number.</summary>
    public int Count { get; private set; }

    /// <summary>The number of the key of every row, new keys being given one; -1 where a component is null.</summary>
    public int[] Add(IReadOnlyList<Column> keys) => Number(keys, add: true);

    /// <summary>The number of the key of every row; -1 where it has none.</summary>
    public int[] Find(IReadOnlyList<Column> keys) => Number(keys, add: false);

    /// <summary>The same for a portion of rows that stream by. Changes nothing, so several may look up at once.</summary>
    /// <param name="ids">One place for each row of the portion.</param>
    public void Find(IReadOnlyList<ColumnChunk> keys, Span<int> ids)
    {
        CheckCount(keys.Count);
        FindComponent(keys[0], 0, ids);
        if (keys.Count == 1)
        {
            return;
        }

        var part = new int[ids.Length];
        for (var i = 1; i < keys.Count; i++)
        {
            FindComponent(keys[i], i, part);
            Fold(ids, part, pairs[i - 1], add: false);
        }
    }

    /// <summary>One column per component, row <c>i</c> holding the key with number <c>i</c>.</summary>
    public IReadOnlyList<Column> Keys() => [.. columns.Select((column, i) => Component(i, column))];

    private Column Component(int i, ColumnSchema column)
    {
        var ids = CollectionsMarshal.AsSpan(components[i]);
        if (column.Type == DataType.String)
        {
            return Column.String(column.Name, Values(texts[i])).Take(ids);
        }

        var values = Values(numbers[i]);
        return (column.Type switch
        {
            DataType.Bool => Column.Bool(column.Name, [.. values.Select(v => v != 0)]),
            DataType.Timestamp => Column.Timestamp(column.Name, values),
            _ => Column.Int64(column.Name, values),
        }).Take(ids);
    }

    private static T[] Values<T>(Dictionary<T, int> numbered)
        where T : notnull
    {
        var values = new T[numbered.Count];
        foreach (var (value, id) in numbered)
        {
            values[id] = value;
        }

        return values;
    }

    private int[] Number(IReadOnlyList<Column> keys, bool add)
    {
        CheckCount(keys.Count);
        var parts = keys.Select((key, i) => NumberComponent(key, i, add)).ToArray();
        var ids = parts[0].AsSpan().ToArray();
        for (var i = 1; i < parts.Length; i++)
        {
            Fold(ids, parts[i], pairs[i - 1], add);
        }

        Remember(ids, parts);
        return ids;
    }

    private void CheckCount(int count)
    {
        if (count != columns.Count)
        {
            throw new ArgumentException($"The key has {columns.Count} components; got {count}.", nameof(count));
        }

        if (count == 0)
        {
            throw new ArgumentException("A key without components has no column to number; its number is 0.", nameof(count));
        }
    }

    private void CheckType(int i, string name, DataType type)
    {
        if (type != columns[i].Type)
        {
            throw SlipwayException.Invalid($"Join key '{columns[i].Name}' is {Lower(columns[i].Type)}; column '{name}' is {Lower(type)}.");
        }
    }

    private void FindComponent(ColumnChunk key, int i, Span<int> ids)
    {
        CheckType(i, key.Name, key.Type);
        if (key.Type == DataType.String)
        {
            var known = texts[i].GetAlternateLookup<ReadOnlySpan<char>>();
            for (var row = 0; row < ids.Length; row++)
            {
                ids[row] = !key.IsNull(row) && known.TryGetValue(key.Text(row), out var id) ? id : None;
            }

            return;
        }

        var values = key.Longs;
        var numbered = numbers[i];
        for (var row = 0; row < ids.Length; row++)
        {
            ids[row] = !key.IsNull(row) && numbered.TryGetValue(values[row], out var id) ? id : None;
        }
    }

    private int[] NumberComponent(Column key, int i, bool add)
    {
        CheckType(i, key.Name, key.Type);
        return key.Type switch
        {
            DataType.String => Ids(texts[i], key.Strings, add),
            DataType.Bool => Ids(numbers[i], [.. key.Bools.Select(b => b ? 1L : 0)], add, key),
            _ => Ids(numbers[i], key.Longs, add, key),
        };
    }

    private static int[] Ids(Dictionary<string, int> numbered, string?[] values, bool add)
    {
        var ids = new int[values.Length];
        for (var row = 0; row < ids.Length; row++)
        {
            ids[row] = values[row] is { } value ? Id(numbered, value, add) : None;
        }

        return ids;
    }

    private static int[] Ids(Dictionary<long, int> numbered, long[] values, bool add, Column key)
    {
        var mayBeNull = key.HasNulls;
        var ids = new int[values.Length];
        for (var row = 0; row < ids.Length; row++)
        {
            ids[row] = mayBeNull && key.IsNull(row) ? None : Id(numbered, values[row], add);
        }

        return ids;
    }

    private static void Fold(Span<int> ids, int[] part, Dictionary<(int, int), int> numbered, bool add)
    {
        for (var row = 0; row < ids.Length; row++)
        {
            ids[row] = ids[row] < 0 || part[row] < 0 ? None : Id(numbered, (ids[row], part[row]), add);
        }
    }

    /// <summary>Numbers are given in order, so a key is new exactly when its number equals the count.</summary>
    private void Remember(int[] ids, int[][] parts)
    {
        for (var row = 0; row < ids.Length; row++)
        {
            if (ids[row] != Count)
            {
                continue;
            }

            for (var i = 0; i < parts.Length; i++)
            {
                components[i].Add(parts[i][row]);
            }

            Count++;
        }
    }

    private static int Id<T>(Dictionary<T, int> numbered, T value, bool add)
        where T : notnull
    {
        if (!add)
        {
            return numbered.TryGetValue(value, out var known) ? known : None;
        }

        ref var id = ref CollectionsMarshal.GetValueRefOrAddDefault(numbered, value, out var exists);
        if (!exists)
        {
            id = numbered.Count - 1;
        }

        return id;
    }

    private static string Lower(DataType type) => type.Text();
}
