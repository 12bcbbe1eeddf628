using Slipway.Core.Data;

namespace Slipway.Core.Expressions;

/// <summary>The row an expression is being computed for: one input column per slot, and the position in them.</summary>
internal sealed class Frame
{
    private readonly Column[] inputs;
    private readonly Array[] values;
    private readonly bool[] mayBeNull;

    public Frame(Column[] inputs)
    {
        this.inputs = inputs;
        mayBeNull = [.. inputs.Select(c => c.Type == DataType.String || c.HasNulls)];
        values = [.. inputs.Select(c => (Array)(c.Type switch
        {
            DataType.Bool => c.Bools,
            DataType.String => c.Strings,
            DataType.Float32 or DataType.Float64 => c.Doubles,
            _ => c.Longs,
        }))];
    }

    public int Row { get; set; }

    public bool Read<T>(int slot, out T value)
    {
        if (mayBeNull[slot] && inputs[slot].IsNull(Row))
        {
            value = default!;
            return false;
        }

        value = ((T[])values[slot])[Row];
        return true;
    }
}

/// <summary>Computes one value of one row; false when the value is null, and <paramref name="value"/> is then undefined.</summary>
internal delegate bool Read<T>(Frame frame, out T value);

/// <summary>A function that has no value for some arguments; false means null.</summary>
internal delegate bool Partial<in TA, TR>(TA a, out TR result);

/// <inheritdoc cref="Partial{TA,TR}"/>
internal delegate bool Partial<in TA, in TB, TR>(TA a, TB b, out TR result);

/// <inheritdoc cref="Partial{TA,TR}"/>
internal delegate bool Partial<in TA, in TB, in TC, TR>(TA a, TB b, TC c, out TR result);
