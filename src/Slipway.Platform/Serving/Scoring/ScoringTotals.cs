using Slipway.Core.Data;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Serving.Scoring;

/// <summary>What all parts together say, those of earlier runs included.</summary>
internal static class ScoringTotals
{
    public static ScoringSummary Of(AnalyticsSession session, string output, IReadOnlyList<ScoringModel> models, IReadOnlyList<ScoringPart> parts, int resumed)
    {
        var rejected = Count(session, Path.Combine(output, PartScorer.RejectedFolder));
        var summary = new ScoringSummary(models[0].Name, models[0].Version, output, parts.Count, resumed, 0, rejected, null);
        if (parts.Count == 0)
        {
            return summary;
        }

        var (p, q) = (PartScorer.Probability(0), PartScorer.Probability(1));
        var shadow = models.Count == 1 ? "" : $"""
            , avg(abs({p}::double - {q})) as mean, max(abs({p}::double - {q})) as most,
            avg(({PartScorer.Label(0)} <> {PartScorer.Label(1)})::integer) as changed, corr({p}, {q}) as r
            """;
        var files = string.Join(", ", parts.Select(part => Sql.Text(Path.Combine(output, part.FileName))));
        var row = session.Query($"select count(*) as n, avg({p}) as mean_p{shadow} from read_parquet([{files}])");
        var rows = row["n"].Longs[0];
        return summary with
        {
            Rows = rows,
            MeanProbability = Number(row["mean_p"]),
            Shadow = models.Count == 1 ? null : new ShadowComparison(
                models[1].Name, models[1].Version, rows, Number(row["mean"]) ?? 0, Number(row["most"]) ?? 0, Number(row["changed"]) ?? 0, Number(row["r"])),
        };
    }

    private static double? Number(Column column) => column.IsNull(0) || !double.IsFinite(column.Number(0)) ? null : column.Number(0);

    private static long Count(AnalyticsSession session, string folder) => Directory.EnumerateFiles(folder, "*.parquet").Any()
        ? session.Query($"select count(*) as n from read_parquet({Sql.Text(Path.Combine(folder, "*.parquet"))}, union_by_name = true)")["n"].Longs[0]
        : 0;
}
