using System.Globalization;
using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Core.Windows;

public enum AggregateFunction
{
    /// <summary>Events, or with an input those where it is not null. 0 for an empty window; every other function is null then.</summary>
    Count,
    Sum,
    Mean,
    Min,
    Max,

    /// <summary>The part of the events, 0 to 1, for which a boolean input is true.</summary>
    Share,

    /// <summary>Of the sample: √(Σ(x − mean)² / (n − 1)); null below two values.</summary>
    Stddev,

    /// <summary>The value of the latest event; of several at the same time, one that does not depend on their order of arrival.</summary>
    Last,
}

/// <summary>One aggregate over one window, and the name of the column it becomes.</summary>
/// <param name="Input">An expression over the event's columns; null inputs do not take part. None is allowed for a count only.</param>
public sealed record WindowAggregation(string Name, AggregateFunction Function, string? Input, TimeSpan Window)
{
    public DataType Type => Function == AggregateFunction.Count ? DataType.Int64 : DataType.Float64;
}

/// <summary>
/// Sliding aggregates per key over event time. The value at a boundary h, a multiple of <paramref name="Hop"/> since the epoch, covers
/// the events with time in (h − window, h].
/// </summary>
/// <param name="Keys">Names of the columns that make the key; none for one series of all events.</param>
/// <param name="EventTimestamp">The column that says when an event happened.</param>
/// <param name="Hop">Distance of the boundaries; every window is a multiple of it.</param>
public sealed record WindowDefinition(
    IReadOnlyList<string> Keys, string EventTimestamp, TimeSpan Hop, IReadOnlyList<WindowAggregation> Aggregations)
{
    /// <summary>The column of h in the rows that come out.</summary>
    public const string BoundaryColumn = "event_timestamp";

    internal long HopMicros => Hop.Ticks / TimeSpan.TicksPerMicrosecond;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/>, naming the aggregation and the rule it breaks.</exception>
    public void Check()
    {
        if (HopMicros <= 0)
        {
            throw SlipwayException.Invalid($"A hop is longer than zero; got {Show(Hop)}.");
        }

        if (Aggregations.Count == 0)
        {
            throw SlipwayException.Invalid("A window needs at least one aggregation; got none.");
        }

        var names = Keys.Append(BoundaryColumn).ToHashSet(StringComparer.Ordinal);
        foreach (var one in Aggregations)
        {
            Check(one, names);
        }
    }

    private void Check(WindowAggregation one, HashSet<string> names)
    {
        if (!names.Add(one.Name))
        {
            throw SlipwayException.Invalid($"Aggregation '{one.Name}': another column has that name.");
        }

        if (one.Window <= TimeSpan.Zero || one.Window.Ticks % Hop.Ticks != 0)
        {
            throw SlipwayException.Invalid(
                $"Aggregation '{one.Name}': its window of {Show(one.Window)} is not a positive multiple of the hop of {Show(Hop)}.");
        }

        if (one.Input is null && one.Function != AggregateFunction.Count)
        {
            throw SlipwayException.Invalid($"Aggregation '{one.Name}': {one.Function.ToString().ToLowerInvariant()} needs an input.");
        }
    }

    private static string Show(TimeSpan span) => span.ToString("c", CultureInfo.InvariantCulture);
}
