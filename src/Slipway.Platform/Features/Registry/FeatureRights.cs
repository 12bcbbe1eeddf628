using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Features.Registry;

/// <summary>
/// What may be done with a feature view, on the whole server or by a grant on <c>view/NAME</c>: a viewer reads its values, a contributor
/// writes them, and an admin of the view changes its definition. A contributor of the server may do all three.
/// </summary>
public sealed class FeatureRights(FeatureRegistryService registry, AccessService access)
{
    /// <summary>The views whose values the plan gives. What those are computed from is not asked for: who defined them could read that.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Forbidden"/> naming the view.</exception>
    public void RequireRead(Actor actor, ServicePlan plan)
    {
        // The common case costs no look-up.
        if (actor.Role < Role.Viewer)
        {
            foreach (var view in plan.Views)
            {
                RequireRead(actor, view);
            }
        }
    }

    /// <inheritdoc cref="RequireRead(Actor, ServicePlan)"/>
    public void RequireRead(Actor actor, string view) => access.RequireOn(AccessScope.OfView(view), actor, Role.Viewer, $"view/{view}");

    /// <inheritdoc cref="RequireRead(Actor, ServicePlan)"/>
    public void RequireWrite(Actor actor, string view) => access.RequireOn(AccessScope.OfView(view), actor, Role.Contributor, $"view/{view}");

    /// <summary>Filling views from their sources; without names all of them, which takes a role on the server.</summary>
    /// <inheritdoc cref="RequireRead(Actor, ServicePlan)"/>
    public void RequireMaterialise(Actor actor, IReadOnlyList<string>? views)
    {
        if (views is null)
        {
            access.Require(actor, Role.Contributor, "all feature views");
        }

        foreach (var view in views ?? [])
        {
            RequireWrite(actor, FeatureReference.Parse(view).Name);
        }
    }

    /// <summary>Appending to a topic or push source writes every view that reads it; one that nothing reads takes a role on the server.</summary>
    /// <inheritdoc cref="RequireRead(Actor, ServicePlan)"/>
    public async ValueTask RequirePushAsync(Actor actor, string topic, CancellationToken cancel)
    {
        if (actor.Role >= Role.Contributor)
        {
            return;
        }

        string[] views = [.. (await registry.StreamingViewsAsync(cancel)).Where(view => view.Topic == topic).Select(view => view.Stored.Name).Distinct()];
        if (views.Length == 0)
        {
            access.Require(actor, Role.Contributor, $"topic/{topic}");
        }

        Array.ForEach(views, view => RequireWrite(actor, view));
    }

    /// <summary>Whether the actor may know of the definition: a view it reads, a service of such views, an entity of one of them.</summary>
    /// <param name="latest">All definitions in force.</param>
    internal static bool Sees(Actor actor, StoredDefinition definition, IReadOnlyList<StoredDefinition> latest) => actor.Role >= Role.Viewer || definition.Kind switch
    {
        DefinitionKind.View => actor.May(Role.Viewer, view: definition.Name),
        DefinitionKind.Service => Json.Read<FeatureServiceDefinition>(definition.Definition).Features.All(taken => actor.May(Role.Viewer, view: taken.View)),
        _ => latest.Where(d => d.Kind == DefinitionKind.View && actor.May(Role.Viewer, view: d.Name))
            .Any(d => Json.Read<FeatureViewDefinition>(d.Definition).Entities.Contains(definition.Name)),
    };

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Forbidden"/> naming the definition.</exception>
    internal void RequireSees(Actor actor, StoredDefinition definition, IReadOnlyList<StoredDefinition> latest)
    {
        if (!Sees(actor, definition, latest))
        {
            access.Require(actor, Role.Viewer, $"{EnumName.Of(definition.Kind)}/{definition.Name}");
        }
    }
}
