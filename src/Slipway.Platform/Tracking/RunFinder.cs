using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Filters;

namespace Slipway.Platform.Tracking;

/// <summary>
/// Finds the runs of one page in one of three ways. Where an index has the order (start, or a metric), it is walked from the
/// page's start and each run on the way is probed by primary keys until the page is full. Where a part of the filter alone
/// leaves few runs, those are taken and sorted. Else all are.
/// </summary>
internal sealed class RunFinder(
    DbSession session, RunCounts counts, long[] experiments, RunView view, Filter? filter, IReadOnlyList<Ordering> orderings, RunPosition? after)
{
    private const int FewRuns = 10_000;

    /// <summary>So many runs of one comparison are looked up at once rather than probed for one by one.</summary>
    private const int HeldRuns = 2_000;

    private readonly List<Comparison> held = [];

    private readonly Ordering first = orderings.Count > 0
        ? orderings[0]
        : new Ordering(RunGrammar.Attribute, RunGrammar.StartTime, FilterType.Number, true);

    /// <summary>The comparisons that every match meets.</summary>
    private readonly List<Comparison> needed = filter switch
    {
        Comparison one => [one],
        AllOf all => [.. all.Parts.OfType<Comparison>()],
        _ => [],
    };

    private bool ByStart => orderings.Count <= 1 && first is { Entity: RunGrammar.Attribute, Key: RunGrammar.StartTime };

    private bool ByMetric => orderings.Count == 1 && first.Entity == RunGrammar.Metric;

    /// <returns>At most so many, in order, after the position.</returns>
    public async Task<List<RunPosition>> FindAsync(int max, CancellationToken cancel)
    {
        await session.UseAsync(IndexWalk.Ordered, cancel);
        var few = await FewestAsync(max, cancel);
        if (few is not null || (!ByStart && !ByMetric))
        {
            await session.UseAsync(few is null ? IndexWalk.Free : IndexWalk.Probe, cancel);
            return await SortAsync(few, max, cancel);
        }

        return ByMetric ? await WalkMetricAsync(max, cancel)
            : await WalkAsync(new RunOrder(orderings, new FilterSql(session.Engine), session.Engine).Columns, StartWalk, max, cancel);
    }

    /// <summary>The part of the filter that leaves the fewest runs, when taking those is cheaper than the walk.</summary>
    private async Task<Comparison?> FewestAsync(int max, CancellationToken cancel)
    {
        Comparison? fewest = null;
        var least = -1L;
        foreach (var comparison in needed.Where(c => RunCandidates.CanDrive(c) && !IsWalked(c)))
        {
            if (least < 0)
            {
                // A walk passes max × runs / candidates runs with one probe each, a candidate costs about three: below the root the
                // candidates are the shorter way.
                least = ByStart || ByMetric ? (long)Math.Sqrt(max * await counts.AboutAsync(session, experiments, cancel) / 3.0) : FewRuns;
            }

            var sql = new FilterSql(session.Engine);
            var canBeHeld = comparison.Entity is RunGrammar.Param or RunGrammar.Tag;
            var most = canBeHeld ? Math.Max(least, HeldRuns) : least;
            var count = await CountAsync(RunCandidates.From(comparison, sql, experiments), sql, (int)most, cancel);
            if (canBeHeld && count < HeldRuns)
            {
                held.Add(comparison);
            }

            if (count < least)
            {
                (fewest, least) = (comparison, count);
            }
        }

        return fewest;
    }

    private bool IsWalked(Comparison c) => IsOfWalk(c) && MetricStretch.Holds(c.Operator);

    private bool IsOfWalk(Comparison c) => ByMetric && c.Entity == RunGrammar.Metric && c.Key == first.Key;

    private async Task<List<RunPosition>> SortAsync(Comparison? few, int max, CancellationToken cancel)
    {
        var sql = new FilterSql(session.Engine);
        var order = new RunOrder(orderings, sql, session.Engine);
        var from = few is null ? $"runs r{order.Joins} where true" : $"({RunCandidates.From(few, sql, experiments)}) d cross join runs r{order.Joins} where r.id = d.id";
        var conditions = few is null ? Conditions(sql, "r.id", []) : Conditions(sql, "d.id", [few]);
        var where = $"{from} and {RunCandidates.In("r", experiments)}{conditions}{After(order.Columns, sql)}";
        return await ReadAsync(order.Columns, where, sql, max, cancel);
    }

    /// <summary>Walks each experiment as far as the page needs and merges what was found.</summary>
    private async Task<List<RunPosition>> WalkAsync(
        IReadOnlyList<SortColumn> columns, Func<long, FilterSql, string> from, int max, CancellationToken cancel)
    {
        var found = new List<RunPosition>();
        foreach (var experiment in experiments)
        {
            var sql = new FilterSql(session.Engine);
            found.AddRange(await ReadAsync(columns, $"{from(experiment, sql)}{After(columns, sql)}", sql, max, cancel));
        }

        if (experiments.Length > 1)
        {
            found.Sort((a, b) => a.CompareTo(b, columns));
        }

        return found.Count <= max ? found : found[..max];
    }

    private string StartWalk(long experiment, FilterSql sql)
    {
        var bound = after is null ? "" : $" and r.start_ms {(first.Descending ? "<=" : ">=")} {sql.Bind(after.ValueOf(0, SortType.Integer))}";
        return $"runs r where r.experiment_id = {sql.Bind(experiment)}{bound}{Conditions(sql, "r.id", [])}";
    }

    /// <summary>First the numbers, then what is NaN, then the runs without the metric.</summary>
    private async Task<List<RunPosition>> WalkMetricAsync(int max, CancellationToken cancel)
    {
        var found = new List<RunPosition>();
        var start = after is null ? 0 : (int)(long)after.ValueOf(0, SortType.Integer);
        var last = needed.Any(IsOfWalk) ? 0 : 2;
        for (var rank = start; rank <= last && found.Count < max; rank++)
        {
            if (rank == 2 && !await AnyLacksMetricAsync(cancel))
            {
                break;
            }

            var now = rank;
            found.AddRange(await WalkAsync(
                RunOrder.OfMetric(rank, first.Descending), (experiment, sql) => MetricWalk(now, start, experiment, sql), max - found.Count, cancel));
        }

        return found;
    }

    private string MetricWalk(int rank, int start, long experiment, FilterSql sql)
    {
        var (of, key) = (sql.Bind(experiment), sql.Bind(first.Key));
        if (rank == 2)
        {
            return $"runs r where r.experiment_id = {of} and not exists (select 1 from latest_metrics m where m.run_id = r.id and m.key = {key} limit 1 offset 0)"
                + Conditions(sql, "r.id", []);
        }

        var walked = rank == 0 ? needed.FindAll(IsWalked) : [];
        var range = rank == 1 ? "m.kind = 2" : Stretch(walked, start == 0 ? after : null).Sql("m", sql);
        return $"latest_metrics m cross join runs r where m.experiment_id = {of} and m.key = {key} and {range} and r.id = m.run_id{Conditions(sql, "m.run_id", walked)}";
    }

    private MetricStretch Stretch(List<Comparison> walked, RunPosition? from)
    {
        var stretch = new MetricStretch();
        walked.ForEach(stretch.Narrow);
        if (from is not null)
        {
            stretch.Begin((long)from.ValueOf(1, SortType.Integer), (double)from.ValueOf(2, SortType.Number), first.Descending);
        }

        return stretch;
    }

    /// <summary>Whether the last walk is worth its while: it passes every run that has the metric.</summary>
    private async Task<bool> AnyLacksMetricAsync(CancellationToken cancel)
    {
        var sql = new FilterSql(session.Engine);
        var having = await CountAsync(
            $"select 1 from latest_metrics m where {RunCandidates.In("m", experiments)} and m.key = {sql.Bind(first.Key)}", sql, int.MaxValue, cancel);
        return having < await CountAsync(
            $"select 1 from runs r where {RunCandidates.In("r", experiments)}", new FilterSql(session.Engine), int.MaxValue, cancel);
    }

    private async Task<long> CountAsync(string from, FilterSql sql, int max, CancellationToken cancel) => await session.FirstAsync(
        $"select count(*) from ({from} limit @most) as counted",
        c =>
        {
            sql.BindTo(c);
            c.With("most", max);
        },
        row => row.GetInt64(0),
        cancel);

    /// <param name="run">The id of the run as SQL.</param>
    /// <param name="met">Comparisons that the walk meets by where it goes.</param>
    private string Conditions(FilterSql sql, string run, List<Comparison> met)
    {
        var deleted = view switch
        {
            RunView.Active => " and r.deleted_ms is null",
            RunView.Deleted => " and r.deleted_ms is not null",
            _ => "",
        };
        var left = filter switch
        {
            AllOf all => new AllOf([.. all.Parts.Where(part => !met.Contains(part))]),
            Comparison one when met.Contains(one) => null,
            _ => filter,
        };
        return left is null or AllOf { Parts.Count: 0 } ? deleted : $"{deleted} and {new RunConditions(sql, run, Held).Of(left)}";
    }

    private string? Held(Comparison c, FilterSql sql) => held.Contains(c) ? RunCandidates.From(c, sql, experiments) : null;

    private string After(IReadOnlyList<SortColumn> columns, FilterSql sql) =>
        after is null ? "" : $" and {RunOrder.After(columns, after, sql)}";

    /// <remarks>The limit stands in the text: PostgreSQL plans a short walk only when it sees how short.</remarks>
    private Task<List<RunPosition>> ReadAsync(
        IReadOnlyList<SortColumn> columns, string fromWhere, FilterSql sql, int max, CancellationToken cancel) => session.QueryAsync(
        $"select {string.Join(", ", columns.Select(c => c.Sql))} from {fromWhere} order by {RunOrder.OrderBy(columns)} limit {max}",
        c => sql.BindTo(c),
        row => RunPosition.Read(row, columns),
        cancel);
}
