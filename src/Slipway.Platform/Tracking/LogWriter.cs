using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>Stores what is logged into runs, one call or many with the same few statements.</summary>
internal sealed class LogWriter(AccessService access)
{
    private const string RunSql =
        "select r.id, r.experiment_id, r.deleted_ms, e.project from runs r join experiments e on e.id = r.experiment_id where r.id";

    private sealed record Target(long ExperimentId, bool IsDeleted, string Project);

    /// <summary>Stores one batch whole.</summary>
    public async Task WriteAsync(DbSession session, Actor actor, string runId, LogBatch batch, CancellationToken cancel)
    {
        var entry = new LoggedCall(actor, runId, batch, cancel);
        await WriteAsync(session, [entry], cancel);
        if (entry.Refusal is not null)
        {
            throw entry.Refusal;
        }
    }

    /// <summary>Stores each entry whole, or gives it a <see cref="LoggedCall.Refusal"/>.</summary>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Conflict"/> for a param that has another value: the transaction must not go on.
    /// </exception>
    public async Task WriteAsync(DbSession session, IReadOnlyList<LoggedCall> entries, CancellationToken cancel)
    {
        var targets = await TargetsAsync(session, entries, cancel);
        foreach (var entry in entries)
        {
            entry.Refusal = RefusalOf(entry, targets.GetValueOrDefault(entry.RunId));
            entry.ExperimentId = targets.GetValueOrDefault(entry.RunId)?.ExperimentId ?? 0;
        }

        await RefuseModelsAsync(session, entries, cancel);

        // By run, so that two writers of the same runs lock what they write in the same order.
        List<LoggedCall> accepted =
            [.. entries.Where(entry => entry.Refusal is null).OrderBy(entry => entry.RunId, StringComparer.Ordinal)];
        await ParamStore.AddAsync(session, accepted, cancel);
        await ModelMetricStore.AddAsync(session, accepted, cancel);
        List<LoggedPoints> points =
        [
            .. accepted.Where(entry => entry.Batch.Metrics is { Count: > 0 }).Select(entry => new LoggedPoints(
                entry.ExperimentId, entry.RunId, PackedPoints.Pack([.. entry.Batch.Metrics!.Select(MetricRow.Of)]))),
        ];
        if (points.Count > 0)
        {
            await MetricLog.AppendAsync(session, points, cancel);
        }

        foreach (var entry in accepted.Where(entry => entry.Batch.Tags is { Count: > 0 }))
        {
            await RunStore.PutTagsAsync(session, entry.RunId, entry.Batch.Tags!, cancel);
            await RunStore.MirrorTagsAsync(session, entry.RunId, entry.Batch.Tags!, cancel);
        }
    }

    /// <summary>The runs there are, kept from being removed until the transaction ends.</summary>
    private static async Task<Dictionary<string, Target>> TargetsAsync(
        DbSession session, IReadOnlyList<LoggedCall> entries, CancellationToken cancel)
    {
        var targets = new Dictionary<string, Target>(StringComparer.Ordinal);
        string[] runs = [.. entries.Select(entry => entry.RunId).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (session.Engine == DbEngine.Postgres)
        {
            await session.QueryAsync(
                $"{RunSql} = any(@runs) order by r.id for key share of r",
                c => c.With("runs", runs),
                row => targets.TryAdd(row.GetString(0), new Target(row.GetInt64(1), !row.IsDBNull(2), row.GetString(3))),
                cancel);
            return targets;
        }

        using var find = new SqliteStatement(session, $"{RunSql} = ?");
        foreach (var run in runs)
        {
            find.Add(run);
            if (find.Read())
            {
                targets.Add(run, new Target(find.Long(1), !find.IsNull(2), find.Text(3)));
            }

            find.Reset();
        }

        return targets;
    }

    private SlipwayException? RefusalOf(LoggedCall entry, Target? target)
    {
        if (target is null)
        {
            return SlipwayException.NotFound($"There is no run '{entry.RunId}'.");
        }

        try
        {
            access.RequireIn(target.Project, null, entry.Actor, Role.Contributor, $"run/{entry.RunId}");
        }
        catch (SlipwayException forbidden)
        {
            return forbidden;
        }

        return target.IsDeleted
            ? new SlipwayException(ErrorKind.FailedPrecondition, $"The run {entry.RunId} must be in the 'active' state; it is deleted.")
            : null;
    }

    /// <summary>A point measures a logged model only where its writer may write, whatever project the run is in.</summary>
    private async Task RefuseModelsAsync(DbSession session, IReadOnlyList<LoggedCall> entries, CancellationToken cancel)
    {
        var asked = new Dictionary<(Actor, string), SlipwayException?>();
        foreach (var entry in entries.Where(entry => entry.Refusal is null))
        {
            foreach (var model in ModelMetricStore.ModelsOf(entry.Batch))
            {
                if (!asked.TryGetValue((entry.Actor, model), out var refusal))
                {
                    asked[(entry.Actor, model)] = refusal = await RefusalOfAsync(session, entry.Actor, model, cancel);
                }

                entry.Refusal ??= refusal;
            }
        }
    }

    private async Task<SlipwayException?> RefusalOfAsync(DbSession session, Actor actor, string model, CancellationToken cancel)
    {
        try
        {
            await access.RequireInLoggedModelAsync(session, model, actor, Role.Contributor, cancel);
            return null;
        }
        catch (SlipwayException refusal) when (refusal.Kind is ErrorKind.NotFound or ErrorKind.Forbidden)
        {
            return refusal;
        }
    }
}
