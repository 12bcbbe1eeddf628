using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Slipway.Core.Errors;

namespace Slipway.Platform.Access;

/// <summary>
/// What the door asks before a route's handler runs, as metadata of the route. A route that says nothing has <see cref="ByMethod"/>:
/// reading needs a viewer of the whole server and anything else a contributor, so none is open because somebody forgot it.
/// </summary>
public sealed class AccessRule
{
    private readonly Action<AccessService, Actor, HttpRequest> check;

    private AccessRule(Action<AccessService, Actor, HttpRequest> check) => this.check = check;

    /// <summary>For modules that know nothing of projects.</summary>
    public static AccessRule ByMethod { get; } = new((access, actor, request) => access.Require(
        actor, HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) ? Role.Viewer : Role.Contributor, request.Path));

    /// <summary>For services that ask by project and model: the door asks only for somebody who may read anything at all.</summary>
    public static AccessRule ByService { get; } = new((access, actor, request) => RequireSomewhere(actor.ReadsSomewhere, access, actor, request));

    /// <summary>For predictions; whether of this model, the service asks.</summary>
    public static AccessRule Predict { get; } = new((access, actor, request) =>
        RequireSomewhere(actor.PredictsSomewhere, access, actor, request));

    /// <summary>For what came of predictions, which those who ask for them and those who write may say; of which, the service asks.</summary>
    public static AccessRule Outcomes { get; } = new((access, actor, request) =>
        RequireSomewhere(actor.PredictsSomewhere || actor.ReadsSomewhere, access, actor, request));

    /// <summary>For anybody who said who they are, whatever they may do.</summary>
    public static AccessRule SignedIn { get; } = new((_, _, _) => { });

    public static AccessRule Least(Role role) => new((access, actor, request) => access.Require(actor, role, request.Path));

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Forbidden"/></exception>
    public void Check(AccessService access, Actor actor, HttpRequest request) => check(access, actor, request);

    private static void RequireSomewhere(bool may, AccessService access, Actor actor, HttpRequest request)
    {
        if (!may)
        {
            // Whoever has no role anywhere has none on the server: this names what is missing.
            access.Require(actor, Role.Viewer, request.Path);
        }
    }
}

public static class AccessRules
{
    /// <summary>See <see cref="AccessRule.ByService"/>.</summary>
    public static T ChecksInService<T>(this T routes)
        where T : IEndpointConventionBuilder => routes.WithMetadata(AccessRule.ByService);

    /// <summary>See <see cref="AccessRule.Predict"/>.</summary>
    public static T Predicts<T>(this T routes)
        where T : IEndpointConventionBuilder => routes.WithMetadata(AccessRule.Predict);

    /// <summary>See <see cref="AccessRule.Outcomes"/>.</summary>
    public static T TakesOutcomes<T>(this T routes)
        where T : IEndpointConventionBuilder => routes.WithMetadata(AccessRule.Outcomes);

    /// <summary>See <see cref="AccessRule.SignedIn"/>.</summary>
    public static T NeedsSignIn<T>(this T routes)
        where T : IEndpointConventionBuilder => routes.WithMetadata(AccessRule.SignedIn);

    /// <summary>The role on the whole server, whatever the method.</summary>
    public static T Needs<T>(this T routes, Role least)
        where T : IEndpointConventionBuilder => routes.WithMetadata(AccessRule.Least(least));
}
