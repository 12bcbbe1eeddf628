using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>Finds runs by what they logged, page by page. A page costs as much as the first, however deep it lies.</summary>
internal sealed class RunSearch(Db db, TimeProvider time)
{
    private readonly RunCounts counts = new(time);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a filter, an order or a token that cannot be.</exception>
    public async Task<Page<RunDetail>> PageAsync(Actor actor, RunQuery query, CancellationToken cancel)
    {
        Limit.Range("A page of runs", query.Limit, 1, TrackingLimits.RunsPage);
        var filter = RunGrammar.Grammar.Parse(query.Filter);
        var orderings = RunGrammar.Grammar.ParseOrder(query.OrderBy);
        var text = Json.Write(query with { PageToken = null, Limit = 0 });
        var after = string.IsNullOrEmpty(query.PageToken) ? null : PageToken.Read<RunPosition>(query.PageToken, text);
        var asked = query.ExperimentIds.Distinct().ToArray();
        await MetricLog.SettleAsync(db, asked, cancel);
        return await db.WalkAsync(
            async session =>
            {
                var experiments = await ReadableAsync(session, actor, asked, cancel);
                var finder = new RunFinder(session, counts, experiments, query.View, filter, orderings, after);
                var found = experiments.Length == 0 ? [] : await finder.FindAsync(query.Limit + 1, cancel);
                var page = PageToken.Cut(found, query.Limit, text, position => position);
                string[] ids = [.. page.Items.Select(position => position.Id)];
                return new Page<RunDetail>(await RunDetails.LoadAsync(session, ids, cancel), page.NextPageToken);
            },
            cancel);
    }

    private static async Task<long[]> ReadableAsync(DbSession session, Actor actor, long[] experiments, CancellationToken cancel)
    {
        if (ProjectAccess.Readable(actor) is not { } projects)
        {
            return experiments;
        }

        return
        [
            .. await session.QueryAsync(
                $"select id from experiments where id {ValueSet.In(session, "ids")} and project {ValueSet.In(session, "projects")}",
                c => c.With("ids", ValueSet.Of(session, experiments)).With("projects", ValueSet.Of(session, projects)),
                row => row.GetInt64(0),
                cancel),
        ];
    }
}
