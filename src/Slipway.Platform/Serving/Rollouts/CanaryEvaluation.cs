using Slipway.Core.Statistics;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Serving.Rollouts;

/// <summary>
/// One look at a canary, in one transaction: takes new outcomes off the queue, adds them to the evidence, decides and acts.
/// Whatever happens, an outcome is off the queue exactly when it is in the evidence.
/// </summary>
internal sealed class CanaryEvaluation(AuditLog audit, TimeProvider time, EndpointStore endpoints, ModelSource source, CanaryTrigger trigger)
{
    // Outcomes of one transaction; a feedback of a million is counted in many.
    private const int PageRows = 10_000;

    /// <returns>The canary, null when none runs; and whether more outcomes wait.</returns>
    public async Task<(Rollout? Rollout, bool More)> RunAsync(DbSession session, string endpoint, CancellationToken cancel)
    {
        var current = await endpoints.TakeAsync(session, endpoint, cancel);
        if (current?.Rollout is not { } id)
        {
            return (null, false);
        }

        var before = (await RolloutStore.FindAsync(session, id, cancel))!;
        var observations = await RolloutStore.DequeueAsync(session, endpoint, PageRows, cancel);
        var traffic = await RolloutStore.TrafficAsync(session, endpoint, before.Evidence[0].Revision, cancel);
        var rollout = before with { Evidence = [.. before.Evidence.Select(step => Add(step, before.Plan.Loss, observations, traffic))] };
        var verdict = CanaryRule.Decide(rollout.Plan, rollout.Evidence);
        rollout = rollout with { Reason = CanaryReason.Of(rollout.Plan, rollout.Evidence, verdict) };
        rollout = await ActAsync(session, current, rollout, verdict.Action, cancel);
        return (rollout, rollout.State == RolloutState.Running && observations.Count == PageRows);
    }

    /// <summary>Says on the canary that runs why it could not be promoted.</summary>
    public async Task<Rollout?> NoteAsync(DbSession session, string endpoint, string refusal, CancellationToken cancel)
    {
        if ((await endpoints.TakeAsync(session, endpoint, cancel))?.Rollout is not { } id)
        {
            return null;
        }

        var reason = $"It has earned promotion, which is refused: {refusal}";
        var rollout = (await RolloutStore.FindAsync(session, id, cancel))! with { Reason = reason };
        await RolloutStore.UpdateAsync(session, rollout, cancel);
        return rollout;
    }

    /// <summary>The endpoint with the challenger at the given percent.</summary>
    public static Endpoint Split(Endpoint endpoint, Rollout rollout, double share) => endpoint with
    {
        Variants =
        [
            new Variant(rollout.Champion, 100 - share, VariantRole.Champion),
            new Variant(rollout.Challenger, share, VariantRole.Challenger),
        ],
    };

    /// <summary>An outcome that is neither 0 nor 1 says nothing about a class and is left out.</summary>
    private static StepEvidence Add(StepEvidence step, CanaryLoss loss, List<Observation> observations, List<ArmTraffic> traffic)
    {
        var losses = step.Losses;
        foreach (var seen in observations.Where(o => o.Revision == step.Revision && o.Outcome is 0 or 1))
        {
            var cost = loss == CanaryLoss.Brier ? Math.Pow(seen.Score - seen.Outcome, 2) : seen.Label == (seen.Outcome == 1) ? 0 : 1;
            losses = seen.Role switch
            {
                VariantRole.Champion => losses.AddA(cost),
                VariantRole.Challenger => losses.AddB(cost),
                _ => losses,
            };
        }

        var (champion, challenger) = (Arm(step, traffic, VariantRole.Champion), Arm(step, traffic, VariantRole.Challenger));
        return step with
        {
            Losses = losses,
            Failures = new RateDifferenceSequence(
                new RateArm(champion.Predictions + champion.Failures, champion.Failures),
                new RateArm(challenger.Predictions + challenger.Failures, challenger.Failures)),
            ChampionUnits = champion.Units,
            ChallengerUnits = challenger.Units,
        };
    }

    private static ArmTraffic Arm(StepEvidence step, List<ArmTraffic> traffic, VariantRole role) =>
        traffic.Find(arm => arm.Revision == step.Revision && arm.Role == role) ?? new ArmTraffic(step.Revision, role, 0, 0, 0);

    private async Task<Rollout> ActAsync(
        DbSession session, Endpoint current, Rollout rollout, CanaryAction action, CancellationToken cancel)
    {
        switch (action)
        {
            case CanaryAction.Advance:
                var share = rollout.Plan.Steps[rollout.Step + 1];
                var saved = await SaveAsync(session, current, Split(current, rollout, share), rollout, "canary.advance", cancel);
                rollout = rollout with { Evidence = [.. rollout.Evidence, StepEvidence.Start(share, saved.Revision)] };
                await RolloutStore.UpdateAsync(session, rollout, cancel);
                return rollout;
            case CanaryAction.Promote:
                var promoted = current with { Variants = [new Variant(rollout.Challenger, 100, VariantRole.Champion)], Rollout = null };
                await SaveAsync(session, current, promoted, rollout, "canary.promote", cancel);
                if (rollout.ApprovalId is { } approval)
                {
                    await source.PromoteAsync(session, rollout.Model, rollout.Challenger, ActorOf(rollout), approval, rollout.Reason, cancel);
                }

                return await EndAsync(session, rollout, RolloutState.Promoted, cancel);
            case CanaryAction.RollBack:
                await SaveAsync(session, current, ServingService.Whole(current), rollout, "canary.rollback", cancel);
                return await EndAsync(session, rollout, RolloutState.RolledBack, cancel);
            default:
                await RolloutStore.UpdateAsync(session, rollout, cancel);
                return rollout;
        }
    }

    private async Task<Endpoint> SaveAsync(
        DbSession session, Endpoint before, Endpoint next, Rollout rollout, string action, CancellationToken cancel)
    {
        var saved = await endpoints.SaveAsync(session, before, next, ActorOf(rollout).Name, rollout.Reason, cancel);
        await source.HoldFeaturesAsync(session, saved, cancel);
        await audit.AppendAsync(
            session, ActorOf(rollout), action, $"endpoint/{saved.Name}",
            new { rollout.Id, saved.Revision, saved.Variants, rollout.Reason }, cancel);
        return saved;
    }

    private async Task<Rollout> EndAsync(DbSession session, Rollout rollout, RolloutState state, CancellationToken cancel)
    {
        var ended = rollout with { State = state, FinishedMs = time.GetUtcNow().ToUnixTimeMilliseconds() };
        await RolloutStore.EndAsync(session, ended, cancel);
        await trigger.EndedAsync(session, ended, cancel);
        return ended;
    }

    /// <summary>The canary acts by itself, within what the one who started it was allowed.</summary>
    private static Actor ActorOf(Rollout rollout) => new($"canary/{rollout.Id}", Role.Contributor);
}
