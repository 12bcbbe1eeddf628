using Slipway.Platform.Foundation.Filters;

namespace Slipway.Platform.Tracking;

/// <summary>
/// The part of the index of a metric's latest values that a walk covers: the numbers and both infinities between one bound
/// below and one above. SQLite seeks by the first bound it is given on a side, so there must be no second.
/// </summary>
internal sealed class MetricStretch
{
    private Bound low = new(-1, 0, true);
    private Bound high = new(1, 0, true);

    private readonly record struct Bound(long Kind, double Value, bool IsInside)
    {
        public int CompareTo(Bound other) => (Kind, Value).CompareTo((other.Kind, other.Value));
    }

    /// <summary>Whether a comparison is a stretch of values; what is unequal to one is not.</summary>
    public static bool Holds(FilterOperator comparison) => comparison != FilterOperator.NotEqual;

    public void Narrow(Comparison c)
    {
        var bound = new Bound(0, c.Number, c.Operator is FilterOperator.Equal or FilterOperator.LessOrEqual or FilterOperator.GreaterOrEqual);
        if (c.Operator is FilterOperator.Equal or FilterOperator.Greater or FilterOperator.GreaterOrEqual)
        {
            Raise(bound);
        }

        if (c.Operator is FilterOperator.Equal or FilterOperator.Less or FilterOperator.LessOrEqual)
        {
            Lower(bound);
        }
    }

    /// <summary>Leaves out what comes before a value in the order of the walk.</summary>
    public void Begin(long kind, double value, bool descending)
    {
        if (descending)
        {
            Lower(new Bound(kind, value, true));
        }
        else
        {
            Raise(new Bound(kind, value, true));
        }
    }

    /// <param name="metric">The alias of <c>latest_metrics</c>.</param>
    public string Sql(string metric, FilterSql sql) =>
        $"({metric}.kind, {metric}.value) {(low.IsInside ? ">=" : ">")} ({low.Kind}, {sql.Bind(low.Value)})"
        + $" and ({metric}.kind, {metric}.value) {(high.IsInside ? "<=" : "<")} ({high.Kind}, {sql.Bind(high.Value)})";

    private void Raise(Bound bound) => low = bound.CompareTo(low) is var order && (order > 0 || (order == 0 && !bound.IsInside)) ? bound : low;

    private void Lower(Bound bound) => high = bound.CompareTo(high) is var order && (order < 0 || (order == 0 && !bound.IsInside)) ? bound : high;
}
