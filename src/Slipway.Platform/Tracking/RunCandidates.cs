using Slipway.Platform.Foundation.Filters;

namespace Slipway.Platform.Tracking;

/// <summary>The runs that meet one comparison, where an index has them: SQL that gives their ids.</summary>
internal static class RunCandidates
{
    public static bool CanDrive(Comparison c) => c.Entity switch
    {
        RunGrammar.Metric => MetricStretch.Holds(c.Operator),
        RunGrammar.Param or RunGrammar.Tag => c.Operator == FilterOperator.Equal,
        RunGrammar.Attribute => c.Key == RunGrammar.RunId && c.Operator is FilterOperator.Equal or FilterOperator.In,
        _ => false,
    };

    public static string From(Comparison c, FilterSql sql, long[] experiments)
    {
        if (c.Entity == RunGrammar.Metric)
        {
            return $"select m.run_id as id from latest_metrics m where {In("m", experiments)} and m.key = {sql.Bind(c.Key)} and {RunConditions.MetricRange("m", c, sql)}";
        }

        if (c.Entity == RunGrammar.Attribute)
        {
            return $"select x.id from runs x where {sql.Compare("x.id", c)}";
        }

        var value = sql.Bind(c.Text);
        return $"select p.run_id as id from {RunConditions.Table(c.Entity)} p where p.key = {sql.Bind(c.Key)} and substr(p.value, 1, 100) = substr({value}, 1, 100) and p.value = {value}";
    }

    /// <summary>The condition that a row belongs to one of the experiments. They are numbers, so they stand in the text.</summary>
    public static string In(string alias, long[] experiments) => experiments.Length == 1
        ? $"{alias}.experiment_id = {experiments[0]}"
        : $"{alias}.experiment_id in ({string.Join(", ", experiments)})";
}
