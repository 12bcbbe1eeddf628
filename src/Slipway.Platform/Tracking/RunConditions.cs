using Slipway.Platform.Foundation.Filters;

namespace Slipway.Platform.Tracking;

/// <summary>
/// The conditions of a search of runs as SQL over <c>runs r</c>. A run that lacks what is asked for does not match, also not
/// with <c>!=</c>; a metric that is NaN matches nothing.
/// </summary>
/// <param name="run">The id of the run as SQL. Of a walk it is the column of the walked table: a run that does not match is then never looked up.</param>
/// <param name="held">SQL of the ids of the runs that meet a comparison, where they are few; null where each run is probed.</param>
internal sealed class RunConditions(FilterSql sql, string run, Func<Comparison, FilterSql, string?> held)
{
    /// <summary>What costs no probe first, then what leaves the fewest runs.</summary>
    public string Of(Filter filter) => filter is AllOf all
        ? FilterSql.Of(new AllOf([.. all.Parts.OrderBy(Cost)]), Of)
        : FilterSql.Of(filter, Of);

    /// <summary>The range of the index of latest metrics that a comparison is.</summary>
    public static string MetricRange(string metric, Comparison c, FilterSql sql)
    {
        var value = sql.Bind(c.Number);
        return c.Operator switch
        {
            FilterOperator.Equal => $"{metric}.kind = 0 and {metric}.value = {value}",
            FilterOperator.NotEqual => $"{metric}.kind < 2 and not ({metric}.kind = 0 and {metric}.value = {value})",
            FilterOperator.Less => $"({metric}.kind, {metric}.value) < (0, {value})",
            FilterOperator.LessOrEqual => $"({metric}.kind, {metric}.value) <= (0, {value})",
            FilterOperator.Greater => $"({metric}.kind, {metric}.value) > (0, {value}) and {metric}.kind < 2",
            _ => $"({metric}.kind, {metric}.value) >= (0, {value}) and {metric}.kind < 2",
        };
    }

    /// <summary>The column of an attribute.</summary>
    public static string Attribute(string key) => key switch
    {
        RunGrammar.StartTime => "r.start_ms",
        "end_time" => "r.end_ms",
        RunGrammar.RunId => "r.id",
        "run_name" => "r.name",
        "status" => "upper(r.status)",
        "artifact_uri" => "coalesce(r.artifact_uri, 'mlflow-artifacts:/' || r.experiment_id || '/' || r.id || '/artifacts')",
        _ => "coalesce(r.user_id, r.actor)",
    };

    public static string Table(string entity) => entity == RunGrammar.Param ? "run_params" : "run_tags";

    private static int Cost(Filter part) => part switch
    {
        Comparison { Entity: RunGrammar.Attribute } => 0,
        Comparison { Operator: FilterOperator.Equal } => 1,
        Comparison => 2,
        _ => 3,
    };

    /// <remarks>PostgreSQL hashes the ids for a condition, where it would make a join of a bare <c>in</c>.</remarks>
    private string Of(Comparison c) => held(c, sql) is { } ids ? $"({run} in ({ids})) is true" : c.Entity switch
    {
        RunGrammar.Attribute => sql.Compare(Attribute(c.Key), c),
        RunGrammar.Metric => Exists($"latest_metrics c where c.run_id = {run} and c.key = {sql.Bind(c.Key)} and {MetricRange("c", c, sql)}"),
        RunGrammar.Dataset => Exists($"run_inputs c where c.run_id = {run} and {sql.Compare($"c.{c.Key}", c)}"),
        _ => OfPair(c),
    };

    private string OfPair(Comparison c)
    {
        var pair = $"{Table(c.Entity)} c where c.run_id = {run} and c.key = {sql.Bind(c.Key)}";
        return c.Operator switch
        {
            FilterOperator.IsNull => $"not {Exists(pair)}",
            FilterOperator.IsNotNull => Exists(pair),
            _ => Exists($"{pair} and {sql.Compare("c.value", c)}"),
        };
    }

    /// <summary>With an offset PostgreSQL leaves it a probe of each run, where it would read all values of the key at once.</summary>
    private static string Exists(string from) => $"exists (select 1 from {from} limit 1 offset 0)";
}
