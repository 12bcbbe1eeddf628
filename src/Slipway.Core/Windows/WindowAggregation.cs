using System.Globalization;
using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Core.Windows;

public enum AggregateFunction
{
    /// <summary>Events, or with an input those where it is not null. 0 for an empty window; but for the counts of distinct values, every other function is null then.</summary>
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

    /// <summary>The value of the earliest event in the window; of several at the same time as <see cref="Last"/>.</summary>
    First,

    /// <summary>How many different values, exactly; memory grows with them.</summary>
    Distinct,

    /// <summary>
    /// How many different values, about: a HyperLogLog of 4096 registers, standard error 1.04/√4096 = 1.6 %, near exact for few values.
    /// </summary>
    DistinctApprox,

    /// <summary>
    /// The ⌈q·n⌉-th smallest of n values, rounded towards zero by less than 1/256 = 0.4 % of itself; whole numbers up to ±512 are exact.
    /// </summary>
    Quantile,
}

/// <summary>Which times are the boundaries at which a window's value is computed, in multiples since the epoch.</summary>
public enum WindowKind
{
    /// <summary>Multiples of the definition's hop.</summary>
    Hopping,

    /// <summary>Multiples of the window itself: windows do not overlap, and the value is that of the last complete one.</summary>
    Tumbling,

    /// <summary>Every microsecond: the value is exact at each instant.</summary>
    Sliding,
}

/// <summary>One aggregate over one window, and the name of the column it becomes.</summary>
/// <param name="Input">An expression over the event's columns; null inputs do not take part. None is allowed for a count only.</param>
public sealed record WindowAggregation(string Name, AggregateFunction Function, string? Input, TimeSpan Window)
{
    public WindowKind Kind { get; init; } = WindowKind.Hopping;

    /// <summary>q, from 0 to 1, of <see cref="AggregateFunction.Quantile"/>; null for the others.</summary>
    public double? Quantile { get; init; }

    /// <summary>Of the input of <see cref="AggregateFunction.First"/> and <see cref="AggregateFunction.Last"/>.</summary>
    public DataType InputType { get; init; } = DataType.Float64;

    public DataType Type => Function switch
    {
        AggregateFunction.Count or AggregateFunction.Distinct or AggregateFunction.DistinctApprox => DataType.Int64,
        AggregateFunction.First or AggregateFunction.Last => InputType,
        _ => DataType.Float64,
    };

    internal long SlideMicros(TimeSpan hop) => Kind switch
    {
        WindowKind.Hopping => WindowDefinition.Micros(hop),
        WindowKind.Tumbling => WindowDefinition.Micros(Window),
        _ => 1,
    };

    internal void Check(TimeSpan hop)
    {
        if (WindowDefinition.Micros(Window) <= 0 || (Kind == WindowKind.Hopping && Window.Ticks % hop.Ticks != 0))
        {
            throw Wrong(Kind == WindowKind.Hopping
                ? $"its window of {WindowDefinition.Show(Window)} is not a positive multiple of the hop of {WindowDefinition.Show(hop)}."
                : $"its window of {WindowDefinition.Show(Window)} is not longer than zero.");
        }

        if (Input is null && Function != AggregateFunction.Count)
        {
            throw Wrong($"{Lower(Function)} needs an input.");
        }

        if ((Function == AggregateFunction.Quantile) != Quantile.HasValue || Quantile is not (null or (>= 0 and <= 1)))
        {
            throw Wrong(Function == AggregateFunction.Quantile
                ? $"its quantile is a number from 0 to 1; got {Quantile?.ToString(CultureInfo.InvariantCulture) ?? "none"}."
                : $"{Lower(Function)} takes no quantile.");
        }

        if (InputType != DataType.Float64 && Function is not (AggregateFunction.First or AggregateFunction.Last))
        {
            throw Wrong($"only first and last take a type; {Lower(Function)} has its own.");
        }
    }

    internal SlipwayException Wrong(string why) => SlipwayException.Invalid($"Aggregation '{Name}': {why}");

    internal static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
