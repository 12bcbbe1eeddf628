using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Serving.Rollouts;

/// <summary>Starts a canary: proves first that the challenger can serve, then splits the traffic.</summary>
internal sealed class CanaryStart(
    Db db, AccessService access, AuditLog audit, TimeProvider time, EndpointStore endpoints, ModelCache models, ModelSource source)
{
    public async Task<Rollout> RunAsync(
        string endpoint, string challenger, CanaryPlan plan, Actor actor, string cause, string? approvalId, CancellationToken cancel)
    {
        access.Require(actor, Role.Contributor, $"endpoint/{endpoint}");
        var current = await endpoints.FindAsync(endpoint, cancel) ?? throw SlipwayException.NotFound($"There is no endpoint '{endpoint}'.");
        var version = await source.ResolveAsync(current.Model, challenger, cancel);
        var loaded = await models.EnterAsync(current.Model, version.Version, cancel);
        try
        {
            loaded.RequireScorer();
            version.RequireFeaturesOf(current);
            var now = time.GetUtcNow();
            var rollout = new Rollout(
                Guid.CreateVersion7(now).ToString("N"), endpoint, current.Model, current.Champion.Version, version.Version, plan, approvalId,
                RolloutState.Running, [], "", actor.Name, cause, now.ToUnixTimeMilliseconds(), null);
            return await db.WriteAsync(session => SaveAsync(session, rollout, actor, cancel), cancel);
        }
        finally
        {
            loaded.Leave();
        }
    }

    private async Task<Rollout> SaveAsync(DbSession session, Rollout rollout, Actor actor, CancellationToken cancel)
    {
        var before = (await endpoints.TakeAsync(session, rollout.Endpoint, cancel))!;
        Check(rollout, before);
        if (rollout.ApprovalId is { } approval)
        {
            await source.RequirePromotableAsync(session, rollout.Model, rollout.Challenger, approval, cancel);
        }

        var share = rollout.Plan.Steps[0];
        var reason = $"Canary of {rollout.Challenger} begins at {share} %: {rollout.Cause}";
        var next = CanaryEvaluation.Split(before with { Rollout = rollout.Id }, rollout, share);
        var saved = await endpoints.SaveAsync(session, before, next, actor.Name, reason, cancel);
        await source.HoldAsync(session, saved, cancel);
        rollout = rollout with { Evidence = [StepEvidence.Start(share, saved.Revision)], Reason = reason };
        await RolloutStore.InsertAsync(session, rollout, cancel);
        await source.LinkAsync(session, saved, actor, cancel);
        await audit.AppendAsync(
            session, actor, "canary.start", $"endpoint/{saved.Name}",
            new { rollout.Id, rollout.Champion, rollout.Challenger, rollout.Plan, rollout.ApprovalId, rollout.Cause }, cancel);
        return rollout;
    }

    private static void Check(Rollout rollout, Endpoint endpoint)
    {
        if (endpoint.Rollout is { } running)
        {
            throw Refused($"Canary {running} runs on endpoint '{endpoint.Name}' already.");
        }

        if (endpoint.Model != rollout.Model || endpoint.Champion.Version != rollout.Champion)
        {
            throw SlipwayException.Conflict($"Endpoint '{endpoint.Name}' was changed at this moment; look at it and try again.");
        }

        if (endpoint.Variants.Count > 1)
        {
            throw Refused($"Endpoint '{endpoint.Name}' splits its traffic between {endpoint.Variants.Count} versions; a canary begins from one.");
        }

        if (rollout.Challenger == rollout.Champion)
        {
            throw Refused($"Version {rollout.Challenger} is the champion of endpoint '{endpoint.Name}' already.");
        }
    }

    private static SlipwayException Refused(string message) => new(ErrorKind.FailedPrecondition, message);
}
