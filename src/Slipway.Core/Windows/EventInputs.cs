using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Expressions;

namespace Slipway.Core.Windows;

/// <summary>The distinct inputs of a definition's aggregations, read from events as numbers: booleans 0 or 1, null NaN.</summary>
internal sealed class EventInputs
{
    private readonly List<string?> texts = [];
    private readonly List<Expression?> expressions = [];

    public EventInputs(WindowDefinition definition, IReadOnlyList<ColumnSchema> columns) =>
        Slots = [.. definition.Aggregations.Select(a => SlotOf(a, columns))];

    public int Count => texts.Count;

    /// <summary>Which input each aggregation reads.</summary>
    public IReadOnlyList<int> Slots { get; }

    /// <summary>One array per input, of a value per event.</summary>
    public double[][] Read(Table events) =>
        [.. expressions.Select(e => e is null ? Ones(events.Rows) : Numbers(e.Evaluate(events, "input")))];

    private int SlotOf(WindowAggregation one, IReadOnlyList<ColumnSchema> columns)
    {
        var expression = one.Input is null ? null : Compile(one, columns);
        var slot = texts.IndexOf(one.Input);
        if (slot < 0)
        {
            slot = texts.Count;
            texts.Add(one.Input);
            expressions.Add(expression);
        }

        return slot;
    }

    private static Expression Compile(WindowAggregation one, IReadOnlyList<ColumnSchema> columns)
    {
        var expression = Expression.Compile(one.Input!, columns);
        var fits = one.Function switch
        {
            AggregateFunction.Count => true,
            AggregateFunction.Share => expression.Type == DataType.Bool,
            _ => expression.Type is DataType.Int64 or DataType.Float64,
        };
        return fits ? expression : throw SlipwayException.Invalid(
            $"Aggregation '{one.Name}': {Lower(one.Function)} takes {(one.Function == AggregateFunction.Share ? "a bool" : "a number")}; "
            + $"`{one.Input}` is {Lower(expression.Type)}.");
    }

    private static double[] Numbers(Column column)
    {
        var values = new double[column.Length];
        for (var row = 0; row < values.Length; row++)
        {
            // Only a count reads text, and it asks no more than whether there is some.
            values[row] = column.Type != DataType.String ? column.Number(row) : column.IsNull(row) ? double.NaN : 1;
        }

        return values;
    }

    private static double[] Ones(int rows)
    {
        var ones = new double[rows];
        Array.Fill(ones, 1);
        return ones;
    }

    private static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
