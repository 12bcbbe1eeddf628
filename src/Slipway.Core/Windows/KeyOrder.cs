using Slipway.Core.Data;
using Slipway.Core.Joins;

namespace Slipway.Core.Windows;

/// <summary>The keys of an index in the order of their values, kept until there are new ones.</summary>
internal sealed class KeyOrder(KeyIndex index)
{
    private int known = -1;
    private IReadOnlyList<Column> columns = [];
    private int[] ranks = [];

    /// <summary>The key columns, row <c>i</c> holding the key with number <c>i</c>.</summary>
    public IReadOnlyList<Column> Columns
    {
        get
        {
            Refresh();
            return columns;
        }
    }

    /// <summary>Per key number its place among all keys, which does not depend on which came first.</summary>
    public ReadOnlySpan<int> Ranks
    {
        get
        {
            Refresh();
            return ranks;
        }
    }

    private void Refresh()
    {
        if (known == index.Count)
        {
            return;
        }

        known = index.Count;
        columns = index.Keys();
        var sorted = Enumerable.Range(0, known).ToArray();
        Array.Sort(sorted, Compare);
        ranks = new int[known];
        for (var rank = 0; rank < known; rank++)
        {
            ranks[sorted[rank]] = rank;
        }
    }

    private int Compare(int a, int b)
    {
        foreach (var column in columns)
        {
            var order = column.Type switch
            {
                DataType.String => string.CompareOrdinal(column.Strings[a], column.Strings[b]),
                DataType.Bool => column.Bools[a].CompareTo(column.Bools[b]),
                _ => column.Longs[a].CompareTo(column.Longs[b]),
            };
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }
}
