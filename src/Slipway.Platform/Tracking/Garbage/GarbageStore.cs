using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking.Garbage;

internal static class GarbageStore
{
    // What was logged last goes first: as long as it is locked, nobody sorts it into the tables that follow.
    private static readonly string[] OfRun =
    [
        "delete from metric_log where run_id = @id",
        "delete from logged_model_metrics where run_id = @id",
        "delete from run_params where run_id = @id",
        "delete from run_tags where run_id = @id",
        "delete from metrics where run_id = @id",
        "delete from latest_metrics where run_id = @id",
        "delete from run_inputs where run_id = @id",
        "delete from run_model_inputs where run_id = @id",
        "delete from run_model_outputs where run_id = @id",
        "update runs set parent_id = null where parent_id = @id",
        "delete from runs where id = @id",
    ];

    private static readonly string[] OfModel =
    [
        "delete from logged_model_metrics where model_id = @id",
        "delete from logged_model_params where model_id = @id",
        "delete from logged_model_tags where model_id = @id",
        "delete from run_model_inputs where model_id = @id",
        "delete from run_model_outputs where model_id = @id",
        "delete from logged_models where id = @id",
    ];

    private static readonly string[] OfExperiment =
    [
        "delete from experiment_tags where experiment_id = @id",
        "delete from datasets where experiment_id = @id",
        "delete from experiments where id = @id",
    ];

    /// <summary>Runs and logged models that were deleted before, themselves or with their experiment, by id.</summary>
    public static Task<List<string>> DeletedAsync(
        DbSession session, ArtifactOwnerKind kind, long beforeMs, string after, int max, CancellationToken cancel) => session.QueryAsync(
        $"""
        select o.id from {TableOf(kind)} o join experiments e on e.id = o.experiment_id
        where (o.deleted_ms < @before or e.deleted_ms < @before) and o.id > @after
        order by o.id limit @max
        """,
        c => c.With("before", beforeMs).With("after", after).With("max", max),
        row => row.GetString(0),
        cancel);

    /// <returns>False when it was restored meanwhile, or is gone.</returns>
    public static async Task<bool> RemoveAsync(DbSession session, ArtifactOwner owner, long beforeMs, CancellationToken cancel)
    {
        // The experiment's row is locked as well: whoever restores it waits, or this sees that it is back.
        var table = TableOf(owner.Kind);
        var locked = session.Engine == DbEngine.Postgres ? "for update" : "";
        var found = await session.FirstAsync<string>(
            $"""
            select o.id from {table} o join experiments e on e.id = o.experiment_id
            where o.id = @id and (o.deleted_ms < @before or e.deleted_ms < @before) {locked}
            """,
            c => c.With("id", owner.Id).With("before", beforeMs),
            row => row.GetString(0),
            cancel);
        if (found is not null)
        {
            await RunAllAsync(session, owner.Kind == ArtifactOwnerKind.Run ? OfRun : OfModel, owner.Id, cancel);
        }

        return found is not null;
    }

    /// <summary>Experiments that were deleted before, empty or not, by number.</summary>
    public static Task<List<(long Id, string Name)>> DeletedExperimentsAsync(DbSession session, long beforeMs, CancellationToken cancel) =>
        session.QueryAsync(
            "select id, name from experiments where deleted_ms < @before and id <> 0 order by id",
            c => c.With("before", beforeMs),
            row => (row.GetInt64(0), row.GetString(1)),
            cancel);

    /// <returns>False when it was restored meanwhile, or something is in it.</returns>
    public static async Task<bool> RemoveExperimentAsync(DbSession session, long id, long beforeMs, CancellationToken cancel)
    {
        var locked = session.Engine == DbEngine.Postgres ? "for update" : "";
        var empty = await session.FirstAsync(
            $"""
            select 1 from experiments e where e.id = @id and e.deleted_ms < @before
              and not exists (select 1 from runs r where r.experiment_id = e.id)
              and not exists (select 1 from logged_models m where m.experiment_id = e.id) {locked}
            """,
            c => c.With("id", id).With("before", beforeMs),
            row => row.GetInt32(0),
            cancel);
        if (empty == 1)
        {
            await RunAllAsync(session, OfExperiment, id, cancel);
        }

        return empty == 1;
    }

    /// <returns>Those of the ids that are there, deleted or not.</returns>
    public static Task<List<string>> KnownAsync(DbSession session, ArtifactOwnerKind kind, string[] ids, CancellationToken cancel) =>
        session.QueryAsync(
            $"select id from {TableOf(kind)} where id {ValueSet.In(session, "ids")}",
            c => c.With("ids", ValueSet.Of(session, ids)),
            row => row.GetString(0),
            cancel);

    private static string TableOf(ArtifactOwnerKind kind) => kind == ArtifactOwnerKind.Run ? "runs" : "logged_models";

    private static async Task RunAllAsync(DbSession session, string[] statements, object id, CancellationToken cancel)
    {
        foreach (var statement in statements)
        {
            await session.ExecuteAsync(statement, c => c.With("id", id), cancel);
        }
    }
}
