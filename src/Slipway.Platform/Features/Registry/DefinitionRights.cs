using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Registry;

/// <summary>
/// Who may apply a definition: a contributor of the server any; an admin of a view that one, as long as it goes on reading the source that
/// it reads and takes only from views that he may read. What changes only because something below it did takes no right.
/// </summary>
internal static class DefinitionRights
{
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Forbidden"/> naming the definition.</exception>
    public static async Task RequireAsync(
        DbSession session, AccessService access, Actor actor, IReadOnlyList<(DefinitionChange Change, StoredDefinition Stored)> changes,
        CancellationToken cancel)
    {
        if (actor.Role >= Role.Contributor)
        {
            return;
        }

        foreach (var (change, stored) in changes.Where(c => c.Change.Action == ChangeAction.Create || c.Change.Fields is not null))
        {
            if (change.Kind != DefinitionKind.View)
            {
                access.Require(actor, Role.Contributor, $"{EnumName.Of(change.Kind)}/{change.Name}");
                continue;
            }

            var before = change.From is { } version
                ? await FeatureRegistryStore.FindAsync(session, DefinitionKind.View, change.Name, version, cancel)
                : null;
            Require(access, actor, before is null ? null : Json.Read<FeatureViewDefinition>(before.Definition), Json.Read<FeatureViewDefinition>(stored.Definition));
        }
    }

    private static void Require(AccessService access, Actor actor, FeatureViewDefinition? before, FeatureViewDefinition view)
    {
        access.RequireOn(AccessScope.OfView(view.Name), actor, Role.Admin, $"the definition of view/{view.Name}");
        foreach (var from in view.From)
        {
            access.RequireOn(AccessScope.OfView(from.View), actor, Role.Viewer, $"view/{from.View}");
        }

        // Sources belong to no view: another one could hold what a read of another view refuses.
        if (Json.Write(view.Source) != Json.Write(before?.Source) || view.Sql != before?.Sql)
        {
            access.Require(actor, Role.Contributor, $"the source of view/{view.Name}");
        }
    }
}
