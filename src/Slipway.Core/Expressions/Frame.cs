using Slipway.Core.Data;

namespace Slipway.Core.Expressions;

/// <summary>The row an expression is being computed for: one input column per slot, and the position in them.</summary>
internal sealed class Frame(Column[] inputs)
{
    public Column[] Inputs { get; } = inputs;

    public int Row { get; set; }
}

/// <summary>Computes one value of one row; false when the value is null, and <paramref name="value"/> is then undefined.</summary>
internal delegate bool Read<T>(Frame frame, out T value);

/// <summary>A function that has no value for some arguments; false means null.</summary>
internal delegate bool Partial<in TA, TR>(TA a, out TR result);

/// <inheritdoc cref="Partial{TA,TR}"/>
internal delegate bool Partial<in TA, in TB, TR>(TA a, TB b, out TR result);
