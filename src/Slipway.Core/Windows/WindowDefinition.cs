using System.Globalization;
using System.Numerics;
using Slipway.Core.Errors;

namespace Slipway.Core.Windows;

/// <summary>
/// Aggregates per key over event time. The value at time t is that of the greatest boundary at or before t; at a boundary h it covers
/// the events with time in (h − window, h]. Which times are boundaries, <see cref="WindowKind"/> says.
/// </summary>
/// <param name="Keys">Names of the columns that make the key; none for one series of all events.</param>
/// <param name="EventTimestamp">The column that says when an event happened.</param>
/// <param name="Hop">Distance of the boundaries of hopping windows; zero where there are none.</param>
public sealed record WindowDefinition(
    IReadOnlyList<string> Keys, string EventTimestamp, TimeSpan Hop, IReadOnlyList<WindowAggregation> Aggregations)
{
    /// <summary>The column of h in the rows that come out.</summary>
    public const string BoundaryColumn = "event_timestamp";

    /// <summary>
    /// How long after a boundary is closed an event that belongs before it still corrects it: the rows at that boundary and at those after
    /// it come out again. Zero: such an event is refused.
    /// </summary>
    public TimeSpan AllowedLateness { get; init; }

    /// <summary>
    /// How far an event may stand behind the latest before it in the order of arrival; the watermark follows that latest at this
    /// distance. Null: watermarks are given.
    /// </summary>
    public TimeSpan? MaxOutOfOrderness { get; init; }

    /// <summary>The greatest distance of which every window's boundaries are multiples, in microseconds.</summary>
    internal long HopMicros => Aggregations.Select(a => a.SlideMicros(Hop)).Aggregate(0L, (a, b) => (long)BigInteger.GreatestCommonDivisor(a, b));

    internal static long Micros(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/>, naming the aggregation and the rule it breaks.</exception>
    public void Check()
    {
        if (Hop < TimeSpan.Zero || (Micros(Hop) == 0 && Aggregations.Any(a => a.Kind == WindowKind.Hopping)))
        {
            throw SlipwayException.Invalid($"A hop is longer than zero; got {Show(Hop)}.");
        }

        if (Aggregations.Count == 0)
        {
            throw SlipwayException.Invalid("A window needs at least one aggregation; got none.");
        }

        if (AllowedLateness < TimeSpan.Zero || MaxOutOfOrderness < TimeSpan.Zero)
        {
            throw SlipwayException.Invalid(
                $"The allowed lateness and the out-of-orderness are not negative; got {Show(AllowedLateness)} and {Show(MaxOutOfOrderness ?? default)}.");
        }

        var names = Keys.Append(BoundaryColumn).ToHashSet(StringComparer.Ordinal);
        foreach (var one in Aggregations)
        {
            if (!names.Add(one.Name))
            {
                throw SlipwayException.Invalid($"Aggregation '{one.Name}': another column has that name.");
            }

            one.Check(Hop);
        }
    }

    internal static string Show(TimeSpan span) => span.ToString("c", CultureInfo.InvariantCulture);
}
