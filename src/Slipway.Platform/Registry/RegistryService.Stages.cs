using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Registry;

/// <summary>How a version moves: stages, aliases and tags.</summary>
public sealed partial class RegistryService
{
    /// <summary>
    /// Moves a version to a stage. Production takes an approval of <see cref="StageRules.PromoteToProduction"/> for exactly this
    /// version, retires the version that was there and, by default, moves the alias <c>champion</c>, all at once.
    /// </summary>
    /// <param name="approvalId">The approval that is meant, or null for any that fits.</param>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.FailedPrecondition"/> for a way that is not allowed or an approval that is missing.
    /// </exception>
    public Task<ModelVersion> TransitionAsync(
        Actor actor, string model, string reference, Stage stage, CancellationToken cancel, string? approvalId = null, string reason = "") =>
        db.WriteAsync(session => TransitionAsync(session, actor, model, reference, stage, cancel, approvalId, reason), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task<ModelVersion> TransitionAsync(
        DbSession session, Actor actor, string model, string reference, Stage stage, CancellationToken cancel,
        string? approvalId = null, string reason = "")
    {
        Limit.Text("The reason of a transition", reason, RegistryNames.Text);
        var taken = await TakeAsync(session, actor, model, Role.Contributor, cancel);
        var version = await GetVersionAsync(session, model, reference, cancel);
        if (version.Stage == stage)
        {
            return version;
        }

        taken = taken with { Governed = await IsGovernedAsync(session, taken, cancel) };
        if (taken.Governed)
        {
            StageRules.Check(version, stage);
        }

        await StepAsync(session, actor, taken, version, stage, approvalId, reason, cancel);
        return await GetVersionAsync(session, model, version.Version.ToString(), cancel);
    }

    /// <summary>
    /// Moves a version as clients do that know no ways: through staging where it lies between, and when asked, the others that are
    /// in that stage out of it. What the model's policy asks for is asked for here too.
    /// </summary>
    /// <inheritdoc cref="TransitionAsync(Actor, string, string, Stage, CancellationToken, string?, string)"/>
    public Task<ModelVersion> AdvanceAsync(
        Actor actor, string model, int number, Stage stage, bool archiveOthers, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            var taken = await TakeAsync(session, actor, model, Role.Contributor, cancel);
            taken = taken with { Governed = await IsGovernedAsync(session, taken, cancel) };
            var version = await GetVersionAsync(session, model, $"{number}", cancel);
            foreach (var step in StageRules.Way(version, stage, taken.Governed))
            {
                await StepAsync(session, actor, taken, version, step, null, "", cancel);
                version = version with { Stage = step };
            }

            foreach (var other in archiveOthers ? await VersionStore.InStageAsync(session, model, stage, cancel) : [])
            {
                if (other.Number != number)
                {
                    await MoveAsync(session, actor, other, Stage.Archived, null, $"replaced by {version.Version}", cancel);
                }
            }

            return await GetVersionAsync(session, model, $"{number}", cancel);
        },
        cancel);

    /// <summary>One move that is allowed, and what comes with it.</summary>
    private async Task StepAsync(
        DbSession session, Actor actor, TakenModel model, ModelVersion version, Stage stage, string? approvalId, string reason,
        CancellationToken cancel)
    {
        Approval? approval = null;
        if (stage == Stage.Production)
        {
            access.RequireIn(model.Project, model.Name, actor, model.Promoters, $"the promotion of {version.Ref}");
            approval = await RequireApprovalAsync(session, model, version, approvalId, cancel);
            foreach (var former in await VersionStore.InStageAsync(session, model.Name, Stage.Production, cancel))
            {
                await MoveAsync(session, actor, former, Stage.Retired, null, $"replaced by {version.Version}", cancel);
            }
        }

        await MoveAsync(session, actor, version, stage, approval?.Id, reason, cancel);

        // The aliases of an open model belong to its clients.
        if (stage == Stage.Production && model.Governed && options.ChampionFollowsProduction)
        {
            await PointAsync(session, actor, version, StageRules.Champion, cancel);
        }
    }

    /// <summary>Whether this version may be promoted now: its way to production and the approval that its model's policy asks for.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> saying what is missing.</exception>
    internal async Task RequirePromotableAsync(
        DbSession session, string model, string reference, string? approvalId, CancellationToken cancel)
    {
        var found = await FindModelAsync(session, model, cancel);
        var taken = new TakenModel(model, 0, found.Project, found.Governed, found.Promoters);
        taken = taken with { Governed = await IsGovernedAsync(session, taken, cancel) };
        var version = await GetVersionAsync(session, model, reference, cancel);
        await RequireApprovalAsync(session, taken, version, approvalId, cancel);
        if (taken.Governed && !StageRules.From(version.Stage).Contains(Stage.Production))
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition,
                $"{version.Ref} is in {EnumName.Of(version.Stage)}, from where it cannot go to production; move it to staging first.");
        }
    }

    /// <summary>Asks for the approval that promoting the version to production needs; the same one while it is pending.</summary>
    /// <returns>Its id.</returns>
    public Task<string> RequestPromotionAsync(Actor actor, string model, string reference, string reason, CancellationToken cancel) =>
        db.WriteAsync(
            async session =>
            {
                var taken = await TakeAsync(session, actor, model, Role.Contributor, cancel);
                var version = await GetVersionAsync(session, model, reference, cancel);
                return await approvals.RequestAsync(
                    session, actor, version.Ref, StageRules.PromoteToProduction, reason, cancel,
                    new ApprovalTarget(taken.Project, model, version.CreatedBy));
            },
            cancel);

    private async Task<Approval?> RequireApprovalAsync(
        DbSession session, TakenModel model, ModelVersion version, string? approvalId, CancellationToken cancel)
    {
        if (!model.Governed)
        {
            return null;
        }

        var policy = await approvals.PolicyOfAsync(session, model.Project, model.Name, cancel);
        if (policy.Required == 0 && approvalId is null)
        {
            return null;
        }

        const string action = StageRules.PromoteToProduction;
        var approval = await approvals.RequireAsync(session, approvalId, version.Ref, action, cancel);
        approval = await approvals.RequireAsync(session, approval.Id, version.Ref, action, cancel); // with its decisions
        if (approval.RequestedMs < version.CreatedMs)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition,
                $"Approval {approval.Id} was asked for before this {version.Ref} existed, for one that is deleted; ask for another.");
        }

        // The policy may have become stricter since, and whoever asked need not have known whose model it is.
        var agreed = approval.Decisions.Count(d => d.Decision == Decision.Approve
            && (policy.AuthorMayApprove || (d.Approver != version.CreatedBy && d.Approver != approval.RequestedBy)));
        return agreed >= policy.Required ? approval : throw new SlipwayException(
            ErrorKind.FailedPrecondition,
            $"Approval {approval.Id} was given by {agreed} who may; the policy of {policy.Scope} needs {policy.Required}. Ask for another.");
    }

    /// <summary>The moves of a version, oldest first.</summary>
    public Task<List<StageTransition>> TransitionsAsync(Actor actor, string model, string reference, CancellationToken cancel) => db.ReadAsync(
        async session =>
        {
            await RequireAsync(session, actor, model, Role.Viewer, cancel);
            var version = await GetVersionAsync(session, model, reference, cancel);
            return await VersionStore.TransitionsAsync(session, model, version.Number, cancel);
        },
        cancel);

    /// <summary>Gives the alias to the version, taking it from the one that has it.</summary>
    public Task SetAliasAsync(Actor actor, string model, string alias, string reference, CancellationToken cancel) =>
        db.WriteAsync(session => SetAliasAsync(session, actor, model, alias, reference, cancel), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task SetAliasAsync(
        DbSession session, Actor actor, string model, string alias, string reference, CancellationToken cancel)
    {
        var taken = await TakeAsync(session, actor, model, Role.Contributor, cancel);
        RegistryNames.CheckAlias(alias, await IsGovernedAsync(session, taken, cancel));
        await PointAsync(session, actor, await GetVersionAsync(session, model, reference, cancel), alias, cancel);
    }

    public Task DeleteAliasAsync(Actor actor, string model, string alias, CancellationToken cancel) =>
        db.WriteAsync(session => DeleteAliasAsync(session, actor, model, alias, cancel), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task DeleteAliasAsync(DbSession session, Actor actor, string model, string alias, CancellationToken cancel)
    {
        await TakeAsync(session, actor, model, Role.Contributor, cancel);
        if (await ModelStore.DeleteAliasAsync(session, model, alias, cancel) == 0)
        {
            throw SlipwayException.NotFound($"Model '{model}' has no alias '{alias}'.");
        }

        await audit.AppendAsync(session, actor, "alias.delete", $"model/{model}", new { alias }, cancel);
    }

    /// <summary>Adds tags to a version or replaces their values.</summary>
    public Task SetVersionTagsAsync(
        Actor actor, string model, string reference, IReadOnlyDictionary<string, string> tags, CancellationToken cancel) =>
        db.WriteAsync(session => SetVersionTagsAsync(session, actor, model, reference, tags, cancel), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task SetVersionTagsAsync(
        DbSession session, Actor actor, string model, string reference, IReadOnlyDictionary<string, string> tags, CancellationToken cancel)
    {
        RegistryNames.CheckTags(tags);
        await TakeAsync(session, actor, model, Role.Contributor, cancel);
        var version = await GetVersionAsync(session, model, reference, cancel);
        foreach (var (key, value) in tags)
        {
            await VersionStore.PutTagAsync(session, model, version.Number, key, value, cancel);
        }

        await audit.AppendAsync(session, actor, "model_version.tag", version.Ref, tags, cancel);
    }

    /// <returns>False when there was none.</returns>
    public Task<bool> DeleteVersionTagAsync(Actor actor, string model, string reference, string key, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            await TakeAsync(session, actor, model, Role.Contributor, cancel);
            var version = await GetVersionAsync(session, model, reference, cancel);
            if (await VersionStore.DeleteTagAsync(session, model, version.Number, key, cancel) == 0)
            {
                return false;
            }

            await audit.AppendAsync(session, actor, "model_version.untag", version.Ref, new { key }, cancel);
            return true;
        },
        cancel);

    private async Task MoveAsync(
        DbSession session, Actor actor, ModelVersion version, Stage to, string? approvalId, string reason, CancellationToken cancel)
    {
        var transition = new StageTransition(0, version.Number, version.Stage, to, actor.Name, approvalId, reason, NowMs());
        await VersionStore.MoveAsync(session, version.Model, transition, cancel);
        await audit.AppendAsync(
            session, actor, "model_version.transition", version.Ref, new { from = version.Stage, to, approvalId, reason }, cancel);
    }

    private async Task PointAsync(
        DbSession session, Actor actor, ModelVersion version, string alias, CancellationToken cancel)
    {
        var held = await ModelStore.AliasAsync(session, version.Model, alias, cancel);
        if (held == version.Number)
        {
            return;
        }

        await ModelStore.PutAliasAsync(session, version.Model, alias, version.Number, NowMs(), cancel);
        await audit.AppendAsync(
            session, actor, "alias.set", $"model/{version.Model}", new { alias, from = held, to = version.Number }, cancel);
    }
}
