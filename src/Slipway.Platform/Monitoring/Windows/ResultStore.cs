using System.Data.Common;
using Slipway.Core.Statistics;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Monitoring;

/// <summary>Where a page of results, newest first, goes on.</summary>
/// <param name="Name">The feature or the model version.</param>
/// <param name="Part">Its aspect or role.</param>
internal sealed record ResultPosition(long StartUs, long WindowUs, string Name, string Part)
{
    public static ResultPosition First { get; } = new(long.MaxValue, long.MaxValue, "", "");
}

/// <summary>The figures of closed windows.</summary>
internal static class ResultStore
{
    private const string DriftColumns =
        """
        window_us, start_us, feature, aspect, verdict, method, statistic, p_value, adjusted_p, effect_method, effect, effect_floor,
          reference_count, current_count, reason, histogram
        """;

    public static async Task PutDriftAsync(
        DbSession session, string endpoint, IReadOnlyList<DriftResult> results, CancellationToken cancel)
    {
        foreach (var result in results)
        {
            await session.ExecuteAsync(
                $"""
                insert into drift_results (endpoint, {DriftColumns})
                values (@endpoint, @window, @start, @feature, @aspect, @verdict, @method, cast(@statistic as double precision),
                  cast(@p as double precision), cast(@adjusted as double precision), @effect_method, cast(@effect as double precision),
                  @floor, @reference, @current, @reason, cast(@histogram as text))
                on conflict (endpoint, start_us, window_us, feature, aspect)
                do update set verdict = excluded.verdict, method = excluded.method, statistic = excluded.statistic,
                  p_value = excluded.p_value, adjusted_p = excluded.adjusted_p, effect_method = excluded.effect_method,
                  effect = excluded.effect, effect_floor = excluded.effect_floor, reference_count = excluded.reference_count,
                  current_count = excluded.current_count, reason = excluded.reason, histogram = excluded.histogram
                """,
                c => Bind(c, endpoint, result),
                cancel);
        }
    }

    private static void Bind(DbParameters c, string endpoint, DriftResult result)
    {
        var d = result.Decision;
        c.With("endpoint", endpoint).With("window", result.Window.Microseconds).With("start", result.StartUs)
            .With("feature", result.Feature).With("aspect", EnumName.Of(result.Aspect)).With("verdict", EnumName.Of(d.Verdict))
            .With("method", d.Method).With("statistic", d.Statistic).With("p", d.PValue).With("adjusted", d.AdjustedPValue)
            .With("effect_method", d.EffectMethod).With("effect", d.Effect).With("floor", d.EffectFloor)
            .With("reference", d.ReferenceCount).With("current", d.CurrentCount).With("reason", d.Reason)
            .With("histogram", result.Histogram is null ? null : Json.Write(result.Histogram));
    }

    /// <summary>Newest first, of windows that start in [from, to).</summary>
    public static Task<List<DriftResult>> DriftAsync(
        DbSession session, string endpoint, string? feature, long fromUs, long toUs, ResultPosition before, int limit,
        CancellationToken cancel) => session.QueryAsync(
        $"""
        select {DriftColumns} from drift_results
        where endpoint = @endpoint and start_us >= @from and start_us < @to and (cast(@feature as text) is null or feature = @feature)
          and (start_us, window_us, feature, aspect) < (@before_start, @before_window, @before_feature, @before_aspect)
        order by start_us desc, window_us desc, feature desc, aspect desc limit @limit
        """,
        c => c.With("endpoint", endpoint).With("from", fromUs).With("to", toUs).With("feature", feature)
            .With("before_start", before.StartUs).With("before_window", before.WindowUs).With("before_feature", before.Name)
            .With("before_aspect", before.Part).With("limit", limit),
        ReadDrift,
        cancel);

    public static async Task PutQualityAsync(
        DbSession session, string endpoint, IReadOnlyList<QualityResult> results, CancellationToken cancel)
    {
        foreach (var result in results)
        {
            await session.ExecuteAsync(
                """
                insert into quality_results (endpoint, window_us, start_us, model_version, role, predictions, metrics, judgement, judged_ms)
                values (@endpoint, @window, @start, @version, @role, @predictions, cast(@metrics as text), @judgement, @now)
                on conflict (endpoint, start_us, window_us, model_version, role)
                do update set predictions = excluded.predictions, metrics = excluded.metrics, judgement = excluded.judgement,
                  judged_ms = excluded.judged_ms
                """,
                c => c.With("endpoint", endpoint).With("window", result.Window.Microseconds).With("start", result.StartUs)
                    .With("version", result.ModelVersion).With("role", result.Role).With("predictions", result.Predictions)
                    .With("metrics", result.Metrics is null ? null : Json.Write(result.Metrics)).With("judgement", result.Judgement)
                    .With("now", result.JudgedMs),
                cancel);
        }
    }

    /// <summary>The stored metrics of all predictions of a window together, as they are written.</summary>
    public static Task<string?> MetricsAsync(
        DbSession session, string endpoint, WindowLength window, long startUs, CancellationToken cancel) => session.FirstAsync(
        """
        select metrics from quality_results
        where endpoint = @endpoint and window_us = @window and start_us = @start and model_version = '' and role = ''
        """,
        c => c.With("endpoint", endpoint).With("window", window.Microseconds).With("start", startUs),
        row => row.Text(0),
        cancel);

    /// <summary>Newest first, of windows that start in [from, to).</summary>
    public static Task<List<QualityResult>> QualityAsync(
        DbSession session, string endpoint, long fromUs, long toUs, ResultPosition before, int limit,
        CancellationToken cancel) => session.QueryAsync(
        """
        select window_us, start_us, model_version, role, predictions, metrics, judgement, judged_ms from quality_results
        where endpoint = @endpoint and start_us >= @from and start_us < @to
          and (start_us, window_us, model_version, role) < (@before_start, @before_window, @before_version, @before_role)
        order by start_us desc, window_us desc, model_version desc, role desc limit @limit
        """,
        c => c.With("endpoint", endpoint).With("from", fromUs).With("to", toUs).With("before_start", before.StartUs)
            .With("before_window", before.WindowUs).With("before_version", before.Name).With("before_role", before.Part)
            .With("limit", limit),
        ReadQuality,
        cancel);

    private static DriftResult ReadDrift(DbDataReader row) => new(
        WindowLength.FromMicroseconds(row.GetInt64(0)), row.GetInt64(1), row.GetString(2),
        EnumName.Parse<DriftAspect>(row.GetString(3), "aspect"),
        new DriftDecision(
            EnumName.Parse<DriftVerdict>(row.GetString(4), "verdict"), row.GetString(5), row.Number(6), row.Number(7), row.Number(8),
            row.GetString(9), row.Number(10), row.GetDouble(11), row.GetInt64(12), row.GetInt64(13), row.GetString(14)),
        row.Text(15) is { } histogram ? Json.Read<Histogram>(histogram) : null);

    private static QualityResult ReadQuality(DbDataReader row) => new(
        WindowLength.FromMicroseconds(row.GetInt64(0)), row.GetInt64(1), row.GetString(2), row.GetString(3), row.GetInt64(4),
        row.Text(5) is { } metrics ? Json.Read<QualityMetrics>(metrics) : null, row.GetInt32(6), row.GetInt64(7));
}
