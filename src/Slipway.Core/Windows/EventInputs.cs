using Slipway.Core.Data;
using Slipway.Core.Expressions;

namespace Slipway.Core.Windows;

/// <summary>
/// The distinct inputs of a definition's aggregations, read from events as numbers: booleans 0 or 1, null NaN, text and exact integers
/// by their <see cref="ValueIds"/>, what is counted approximately by its <see cref="HyperLogLog"/> code.
/// </summary>
internal sealed class EventInputs
{
    private readonly List<Input> inputs = [];
    private readonly List<(int Input, CodeKind Kind)> codes = [];

    public EventInputs(WindowDefinition definition, IReadOnlyList<ColumnSchema> columns)
    {
        Slots = [.. definition.Aggregations.Select(a => SlotOf(a, columns))];
        CodeSlots = [.. definition.Aggregations.Select((a, i) => CodeSlotOf(Slots[i], a.Function))];
        Ids = [.. inputs.Select(input => input.Form == Form.Identity ? new ValueIds() : null)];
    }

    private enum Form
    {
        Number,
        Identity,
        Hash,
    }

    public int Count => inputs.Count;

    /// <summary>Which input each aggregation reads.</summary>
    public IReadOnlyList<int> Slots { get; }

    /// <summary>Which of <see cref="Codes"/> each aggregation reads; -1 for those that sum up.</summary>
    public IReadOnlyList<int> CodeSlots { get; }

    /// <summary>The inputs whose values are counted, and how.</summary>
    public IReadOnlyList<(int Input, CodeKind Kind)> Codes => codes;

    /// <summary>Per input the values behind its numbers; null where the numbers are the values.</summary>
    public IReadOnlyList<ValueIds?> Ids { get; }

    /// <summary>One array per input, of a value per event.</summary>
    public double[][] Read(Table events) => [.. inputs.Select((input, i) => input.Expression is null
        ? Ones(events.Rows)
        : Numbers(input.Expression.Evaluate(events, "input"), input.Form, Ids[i]))];

    private int SlotOf(WindowAggregation one, IReadOnlyList<ColumnSchema> columns)
    {
        var expression = one.Input is null ? null : Compile(one, columns);
        var form = one.Function switch
        {
            AggregateFunction.DistinctApprox => Form.Hash,
            AggregateFunction.Distinct => expression!.Type is DataType.Float64 or DataType.Bool ? Form.Number : Form.Identity,
            AggregateFunction.First or AggregateFunction.Last => one.InputType is DataType.Float64 or DataType.Bool ? Form.Number : Form.Identity,
            _ => Form.Number,
        };
        var slot = inputs.FindIndex(input => input.Text == one.Input && input.Form == form);
        if (slot < 0)
        {
            slot = inputs.Count;
            inputs.Add(new Input(one.Input, form, expression));
        }

        return slot;
    }

    private int CodeSlotOf(int slot, AggregateFunction function)
    {
        CodeKind? kind = function switch
        {
            AggregateFunction.Distinct => CodeKind.Distinct,
            AggregateFunction.DistinctApprox => CodeKind.DistinctApprox,
            AggregateFunction.Quantile => CodeKind.Quantile,
            _ => null,
        };
        if (kind is null)
        {
            return -1;
        }

        var wanted = (slot, kind.Value);
        if (!codes.Contains(wanted))
        {
            codes.Add(wanted);
        }

        return codes.IndexOf(wanted);
    }

    private static Expression Compile(WindowAggregation one, IReadOnlyList<ColumnSchema> columns)
    {
        var expression = Expression.Compile(one.Input!, columns);
        var isNumber = expression.Type is DataType.Int64 or DataType.Float64;
        var (fits, wanted) = one.Function switch
        {
            AggregateFunction.Count or AggregateFunction.Distinct or AggregateFunction.DistinctApprox => (true, ""),
            AggregateFunction.Share => (expression.Type == DataType.Bool, "a bool"),
            AggregateFunction.First or AggregateFunction.Last when one.InputType != DataType.Float64 =>
                (expression.Type == one.InputType, $"the {WindowAggregation.Lower(one.InputType)} that is declared"),
            _ => (isNumber, "a number"),
        };
        return fits ? expression : throw one.Wrong(
            $"{WindowAggregation.Lower(one.Function)} takes {wanted}; `{one.Input}` is {WindowAggregation.Lower(expression.Type)}.");
    }

    private static double[] Numbers(Column column, Form form, ValueIds? ids)
    {
        var values = new double[column.Length];
        for (var row = 0; row < values.Length; row++)
        {
            // As a number text is read by a count only, which asks no more than whether there is some.
            values[row] = column.IsNull(row) ? double.NaN
                : form == Form.Hash ? HyperLogLog.CodeOf(Hash(column, row))
                : form == Form.Identity ? ids!.Of(column.Type == DataType.String ? column.Strings[row]! : column.Longs[row])
                : column.Type == DataType.String ? 1 : column.Number(row);
        }

        return values;
    }

    private static ulong Hash(Column column, int row) => column.Type switch
    {
        DataType.String => HyperLogLog.Hash(column.Strings[row]!),
        DataType.Bool => HyperLogLog.Mix(column.Bools[row] ? 1UL : 0),
        DataType.Float32 or DataType.Float64 => HyperLogLog.Mix(BitConverter.DoubleToUInt64Bits(column.Doubles[row] + 0.0)),
        _ => HyperLogLog.Mix((ulong)column.Longs[row]),
    };

    private static double[] Ones(int rows)
    {
        var ones = new double[rows];
        Array.Fill(ones, 1);
        return ones;
    }

    private sealed record Input(string? Text, Form Form, Expression? Expression);
}
