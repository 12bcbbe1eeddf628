using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>What is done to runs beside logging into them: changing, deleting and restoring them.</summary>
public sealed class RunService(Db db, AccessService access, AuditLog audit, TimeProvider time, RunEvents? events = null)
{
    private const int MaxModelHistory = 1_000_000;

    /// <summary>
    /// Changes name, status or end. Unlike <see cref="TrackingService.FinishRunAsync(Actor, string, RunStatus, CancellationToken, long?)"/>
    /// any status may follow any other, so a run that ended can be resumed.
    /// </summary>
    public Task<Run> UpdateAsync(Actor actor, string id, RunChange change, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            TrackingLimits.Check(change);
            await access.RequireInRunAsync(session, id, actor, Role.Contributor, cancel);
            await ActiveAsync(session, id, cancel);
            await RunStore.UpdateAsync(session, id, change, cancel);
            if (change.Name is not null)
            {
                await RunStore.PutTagsAsync(session, id, new Dictionary<string, string> { [RunTags.Name] = change.Name }, cancel);
            }

            var changed = await FindAsync(session, id, cancel);
            if (events is not null && change.Status is (RunStatus.Finished or RunStatus.Failed or RunStatus.Killed))
            {
                await events.EndedAsync(session, changed, cancel);
            }

            return changed;
        },
        cancel);

    /// <returns>Those of the runs that the actor may read.</returns>
    public Task<IReadOnlySet<string>> ReadableAsync(
        DbSession session, Actor actor, IReadOnlyCollection<string> ids, CancellationToken cancel) =>
        ProjectAccess.ReadableRunsAsync(session, actor, ids, cancel);

    /// <summary>Soft-deletes it; deleting it again changes nothing.</summary>
    public Task DeleteAsync(Actor actor, string id, CancellationToken cancel) => SetDeletedAsync(actor, id, true, cancel);

    /// <summary>Brings it back; restoring it again changes nothing.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when its experiment is deleted.</exception>
    public Task RestoreAsync(Actor actor, string id, CancellationToken cancel) => SetDeletedAsync(actor, id, false, cancel);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> without the tag.</exception>
    public Task DeleteTagAsync(Actor actor, string id, string key, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            await access.RequireInRunAsync(session, id, actor, Role.Contributor, cancel);
            await ActiveAsync(session, id, cancel);
            if (await RunStore.RemoveTagAsync(session, id, key, cancel) == 0)
            {
                throw SlipwayException.NotFound($"Run {id} has no tag '{key}'.");
            }

            if (key == RunTags.Parent)
            {
                await RunStore.MirrorTagsAsync(session, id, new Dictionary<string, string> { [key] = "" }, cancel);
            }
        },
        cancel);

    /// <summary>Adds a model to the tag that lists, as JSON, what a client before MLflow 3 has logged.</summary>
    /// <param name="model">A JSON object, kept as it is.</param>
    public Task AddModelHistoryAsync(Actor actor, string id, string model, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            CheckModel(model);
            await access.RequireInRunAsync(session, id, actor, Role.Contributor, cancel);
            await RunStore.LockAsync(session, id, cancel);
            await ActiveAsync(session, id, cancel);
            var history = await RunStore.FindTagAsync(session, id, RunTags.ModelHistory, cancel);
            var list = IsFilledList(history) ? $"{history!.TrimEnd()[..^1]}, {model}]" : $"[{model}]";
            Limit.Text($"The tag '{RunTags.ModelHistory}' of run {id}", list, MaxModelHistory);
            await RunStore.PutTagsAsync(session, id, new Dictionary<string, string> { [RunTags.ModelHistory] = list }, cancel);
        },
        cancel);

    private static void CheckModel(string model)
    {
        if (KindOf(model) != JsonValueKind.Object)
        {
            throw SlipwayException.Invalid("Malformed model info: a logged model is described by a JSON object.");
        }
    }

    /// <summary>Anybody may set the tag, so it need not be one.</summary>
    private static bool IsFilledList(string? history) =>
        history is not null && KindOf(history) == JsonValueKind.Array && history.AsSpan().IndexOf('{') > 0;

    private static JsonValueKind KindOf(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind;
        }
        catch (JsonException)
        {
            return JsonValueKind.Undefined;
        }
    }

    private Task SetDeletedAsync(Actor actor, string id, bool deleted, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            await access.RequireInRunAsync(session, id, actor, Role.Contributor, cancel);
            var run = await FindAsync(session, id, cancel);
            if (run.Lifecycle == (deleted ? Lifecycle.Deleted : Lifecycle.Active))
            {
                return;
            }

            if (!deleted && (await ExperimentStore.FindAsync(session, run.ExperimentId, cancel))!.Lifecycle == Lifecycle.Deleted)
            {
                throw new SlipwayException(
                    ErrorKind.FailedPrecondition, $"Run {id} belongs to the deleted experiment {run.ExperimentId}; restore that first.");
            }

            await RunStore.SetDeletedAsync(session, id, deleted ? time.GetUtcNow().ToUnixTimeMilliseconds() : null, cancel);
            await audit.AppendAsync(session, actor, deleted ? "run.delete" : "run.restore", $"run/{id}", null, cancel);
        },
        cancel);

    private static async Task ActiveAsync(DbSession session, string id, CancellationToken cancel)
    {
        if ((await FindAsync(session, id, cancel)).Lifecycle == Lifecycle.Deleted)
        {
            throw new SlipwayException(ErrorKind.FailedPrecondition, $"The run {id} must be in the 'active' state; it is deleted.");
        }
    }

    private static async Task<Run> FindAsync(DbSession session, string id, CancellationToken cancel) =>
        await RunStore.FindAsync(session, id, cancel) ?? throw SlipwayException.NotFound($"There is no run '{id}'.");
}
