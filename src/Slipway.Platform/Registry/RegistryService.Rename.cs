using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Registry;

/// <summary>A model's other name.</summary>
public sealed partial class RegistryService
{
    /// <summary>
    /// Gives the model another name, with all that hangs on it: packages are signed for it again, lineage, grants and policy follow.
    /// Approvals are of the name, so they stay behind and are asked for again.
    /// </summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/> when the name is taken;
    /// <see cref="ErrorKind.FailedPrecondition"/> while something serves one of its versions.</exception>
    public Task<RegisteredModel> RenameModelAsync(Actor actor, string model, string name, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            RegistryNames.CheckModel(name);
            var taken = await TakeAsync(session, actor, model, Role.Contributor, cancel);
            access.RequireIn(taken.Project, name, actor, Role.Contributor, $"model/{name}");
            await CheckUnusedAsync(session, model, null, "renamed", cancel);
            var found = await FindModelAsync(session, model, cancel);
            if (await ModelStore.InsertAsync(session, found with { Name = name, UpdatedMs = NowMs() }, taken.Last, cancel) == 0)
            {
                throw SlipwayException.Conflict($"There is a model '{name}' already.");
            }

            var versions = await VersionStore.ListAsync(session, model, int.MaxValue, int.MaxValue, cancel);
            await RenameStore.MoveAsync(session, model, name, cancel);
            foreach (var version in versions)
            {
                await RenameVersionAsync(session, version, version with { Model = name }, cancel);
            }

            await ModelStore.DeleteAsync(session, model, cancel);
            await grants.MoveAsync(session, actor, AccessScope.OfModel(model), AccessScope.OfModel(name), cancel);
            await audit.AppendAsync(session, actor, "model.rename", $"model/{model}", new { name }, cancel);
            await audit.AppendAsync(session, actor, "model.rename", $"model/{name}", new { from = model }, cancel);
            return await FindModelAsync(session, name, cancel);
        },
        cancel);

    /// <summary>A package that does not hold keeps its flaw: it is not made good by being signed again.</summary>
    private async Task RenameVersionAsync(DbSession session, ModelVersion before, ModelVersion after, CancellationToken cancel)
    {
        if (after.File is not null && seal.Flaw(before, await seal.FindAsync(session, after, cancel)) is null)
        {
            await seal.SignAsync(session, after, cancel);
        }

        await LineageService.RenameAsync(
            session, LineageNode.ModelVersion(before.Model, before.Version), LineageNode.ModelVersion(after.Model, after.Version), cancel);
    }
}
