namespace Slipway.Core.Windows;

/// <summary>Which folds a key needs for a definition's aggregations, and where in them each finds its value.</summary>
internal sealed class WindowPlan
{
    private readonly List<Shape> shapes = [];
    private readonly Output[] outputs;

    public WindowPlan(WindowDefinition definition, EventInputs inputs)
    {
        Inputs = inputs;
        HopMicros = definition.HopMicros;
        LatenessHops = Hops.BoundaryOf(WindowDefinition.Micros(definition.AllowedLateness), HopMicros);
        outputs = [.. definition.Aggregations.Select((a, i) => OutputOf(a, i, definition.Hop))];
        Span = shapes.Max(shape => shape.Length + shape.Slide);
    }

    public EventInputs Inputs { get; }

    public long HopMicros { get; }

    /// <summary>How many hops behind the last closed boundary the first that is open to corrections stands.</summary>
    public long LatenessHops { get; }

    /// <summary>An event is in no window any more so many hops after its boundary.</summary>
    public long Span { get; }

    public WindowFold[] NewFolds() =>
        [.. shapes.Select(shape => new WindowFold(shape.Length, shape.Slide, [.. shape.Summed], [.. shape.Counted]))];

    /// <summary>NaN where there is none.</summary>
    public double Value(int aggregation, WindowFold[] folds)
    {
        ref readonly var output = ref outputs[aggregation];
        return output.IsCounted
            ? folds[output.Fold].Value(output.Index, output.Quantile)
            : folds[output.Fold].Value(output.Index).Value(output.Function);
    }

    private Output OutputOf(WindowAggregation one, int number, TimeSpan hop)
    {
        var (length, slide) = (WindowDefinition.Micros(one.Window) / HopMicros, one.SlideMicros(hop) / HopMicros);
        var fold = shapes.FindIndex(shape => shape.Length == length && shape.Slide == slide);
        if (fold < 0)
        {
            fold = shapes.Count;
            shapes.Add(new Shape(length, slide, [], []));
        }

        var code = Inputs.CodeSlots[number];
        return new Output(
            fold,
            code < 0 ? IndexIn(shapes[fold].Summed, Inputs.Slots[number]) : IndexIn(shapes[fold].Counted, (code, Inputs.Codes[code].Kind)),
            one.Function, code >= 0, one.Quantile ?? 0);
    }

    private static int IndexIn<T>(List<T> list, T item)
    {
        if (!list.Contains(item))
        {
            list.Add(item);
        }

        return list.IndexOf(item);
    }

    private sealed record Shape(long Length, long Slide, List<int> Summed, List<(int Slot, CodeKind Kind)> Counted);

    private readonly record struct Output(int Fold, int Index, AggregateFunction Function, bool IsCounted, double Quantile);
}
