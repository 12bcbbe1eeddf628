using System.Collections;

namespace Slipway.Core.Windows;

/// <summary>
/// Small numbers for the values of an input that a double cannot hold, text and 64-bit integers, so that windows deal in doubles only. A
/// number is given again once nothing holds it; which value has which is never seen outside.
/// </summary>
internal sealed class ValueIds
{
    private readonly Dictionary<object, int> ids = [];
    private readonly List<object?> values = [];
    private readonly Stack<int> free = [];
    private int swept = 50_000;

    /// <summary>Worth a sweep: twice as many as the last one left.</summary>
    public bool Crowded => ids.Count > 2 * swept;

    public int Capacity => values.Count;

    public int Of(object value)
    {
        if (!ids.TryGetValue(value, out var id))
        {
            id = free.TryPop(out var again) ? again : values.Count;
            Put(id, value);
        }

        return id;
    }

    public object ValueOf(double id) => values[(int)id]!;

    public int Compare(double a, double b) => a == b ? 0 : ValueOf(a) is string text
        ? string.CompareOrdinal(text, (string)ValueOf(b))
        : ((long)ValueOf(a)).CompareTo((long)ValueOf(b));

    public void Sweep(BitArray live)
    {
        for (var id = 0; id < values.Count; id++)
        {
            if (!live[id] && values[id] is { } value)
            {
                ids.Remove(value);
                values[id] = null;
                free.Push(id);
            }
        }

        swept = Math.Max(50_000, ids.Count);
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(ids.Count);
        writer.Write(values.Count);
        foreach (var (value, id) in ids)
        {
            writer.Write(id);
            writer.Write(value is string);
            if (value is string text)
            {
                writer.Write(text);
            }
            else
            {
                writer.Write((long)value);
            }
        }
    }

    public void Restore(BinaryReader reader)
    {
        var count = reader.ReadInt32();
        var capacity = reader.ReadInt32();
        for (; count > 0; count--)
        {
            Put(reader.ReadInt32(), reader.ReadBoolean() ? (object)reader.ReadString() : reader.ReadInt64());
        }

        for (var id = 0; id < capacity; id++)
        {
            if (id >= values.Count)
            {
                values.Add(null);
            }

            if (values[id] is null)
            {
                free.Push(id);
            }
        }
    }

    private void Put(int id, object value)
    {
        while (values.Count <= id)
        {
            values.Add(null);
        }

        values[id] = value;
        ids[value] = id;
    }
}
