using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Registry;

/// <summary>How a version moves: stages, aliases, tags and its card.</summary>
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
        access.Require(actor, Role.Contributor, $"model/{model}");
        Limit.Text("The reason of a transition", reason, RegistryNames.Text);
        await TakeAsync(session, model, cancel);
        var version = await GetVersionAsync(session, model, reference, cancel);
        if (version.Stage == stage)
        {
            return version;
        }

        StageRules.Check(version, stage);
        Approval? approval = null;
        if (stage == Stage.Production)
        {
            approval = await approvals.RequireAsync(session, approvalId, version.Ref, StageRules.PromoteToProduction, cancel);
            if (await VersionStore.FindAsync(session, model, Stage.Production, cancel) is { } former)
            {
                await MoveAsync(session, actor, former, Stage.Retired, null, $"replaced by {version.Version}", cancel);
            }
        }

        await MoveAsync(session, actor, version, stage, approval?.Id, reason, cancel);
        if (stage == Stage.Production && options.ChampionFollowsProduction)
        {
            await PointAsync(session, actor, version, StageRules.Champion, cancel);
        }

        return await GetVersionAsync(session, model, version.Version.ToString(), cancel);
    }

    /// <summary>The moves of a version, oldest first.</summary>
    public Task<List<StageTransition>> TransitionsAsync(string model, string reference, CancellationToken cancel) => db.ReadAsync(
        async session =>
        {
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
        access.Require(actor, Role.Contributor, $"model/{model}");
        RegistryNames.CheckAlias(alias);
        await TakeAsync(session, model, cancel);
        await PointAsync(session, actor, await GetVersionAsync(session, model, reference, cancel), alias, cancel);
    }

    public Task DeleteAliasAsync(Actor actor, string model, string alias, CancellationToken cancel) =>
        db.WriteAsync(session => DeleteAliasAsync(session, actor, model, alias, cancel), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task DeleteAliasAsync(DbSession session, Actor actor, string model, string alias, CancellationToken cancel)
    {
        access.Require(actor, Role.Contributor, $"model/{model}");
        await TakeAsync(session, model, cancel);
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
        access.Require(actor, Role.Contributor, $"model/{model}");
        RegistryNames.CheckTags(tags);
        await TakeAsync(session, model, cancel);
        var version = await GetVersionAsync(session, model, reference, cancel);
        foreach (var (key, value) in tags)
        {
            await VersionStore.PutTagAsync(session, model, version.Number, key, value, cancel);
        }

        await audit.AppendAsync(session, actor, "model_version.tag", version.Ref, tags, cancel);
    }

    /// <summary>As it was written, or generated from what is known today.</summary>
    public Task<ModelCard> GetCardAsync(string model, string reference, CancellationToken cancel) => db.ReadAsync(
        async session =>
        {
            var version = await GetVersionAsync(session, model, reference, cancel);
            if (await VersionStore.CardAsync(session, model, version.Number, cancel) is { } written)
            {
                return new ModelCard(written, true);
            }

            var run = version.RunId is null ? null : await tracking.GetRunAsync(session, version.RunId, cancel);
            return new ModelCard(ModelCardText.Write(await FindModelAsync(session, model, cancel), version, run), false);
        },
        cancel);

    public Task PutCardAsync(Actor actor, string model, string reference, string markdown, CancellationToken cancel) =>
        db.WriteAsync(session => PutCardAsync(session, actor, model, reference, markdown, cancel), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task PutCardAsync(
        DbSession session, Actor actor, string model, string reference, string markdown, CancellationToken cancel)
    {
        access.Require(actor, Role.Contributor, $"model/{model}");
        Limit.Name("A model card", markdown, RegistryNames.Card);
        await TakeAsync(session, model, cancel);
        var version = await GetVersionAsync(session, model, reference, cancel);
        await VersionStore.PutCardAsync(session, model, version.Number, markdown, NowMs(), cancel);
        await audit.AppendAsync(session, actor, "model_version.card", version.Ref, new { markdown }, cancel);
    }

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
