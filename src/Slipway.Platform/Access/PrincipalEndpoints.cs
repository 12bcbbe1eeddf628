using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Access;

public sealed record PrincipalRequest(string Name, Role Role, PrincipalKind Kind = PrincipalKind.User);

public sealed record GrantRequest(Role Role);

public sealed record PolicyRequest(int Required, bool AuthorMayApprove);

internal static class PrincipalEndpoints
{
    public static void MapPrincipals(this IEndpointRouteBuilder routes)
    {
        var principals = routes.MapGroup("/api/v1/principals").WithTags("Principals").NeedsSignIn();
        principals.MapPost("", CreateAsync);
        principals.MapGet("", ListAsync);
        principals.MapGet("{name}", GetAsync);
        principals.MapPatch("{name}", ChangeAsync);
        principals.MapDelete("{name}", DeleteAsync).WithSummary("Delete a principal with its keys and grants");
        principals.MapPut("{name}/grants/{kind}/{scope}", GrantAsync).WithSummary("kind is project, model or view");
        principals.MapDelete("{name}/grants/{kind}/{scope}", TakeAsync);
        routes.MapGet("/api/v1/grants/{kind}/{scope}", GrantsAsync).WithTags("Principals").NeedsSignIn();

        var policies = routes.MapGroup("/api/v1/approval-policies").WithTags("Approvals").ChecksInService();
        policies.MapGet("", PoliciesAsync);
        policies.MapPut("{kind}/{scope}", SetPolicyAsync).WithSummary("kind is project or model");
        policies.MapDelete("{kind}/{scope}", RemovePolicyAsync);
    }

    private static async Task<Created<Principal>> CreateAsync(
        PrincipalRequest request, Actor actor, PrincipalService principals, CancellationToken cancel)
    {
        var made = await principals.CreateAsync(actor, request.Name, request.Kind, request.Role, cancel);
        return TypedResults.Created($"/api/v1/principals/{made.Name}", made);
    }

    private static async Task<Ok<Page<Principal>>> ListAsync(
        string? pageToken, int? limit, Actor actor, PrincipalService principals, CancellationToken cancel) =>
        TypedResults.Ok(await principals.ListAsync(actor, pageToken, limit ?? 100, cancel));

    private static async Task<Ok<Principal>> GetAsync(
        string name, Actor actor, PrincipalService principals, CancellationToken cancel) =>
        TypedResults.Ok(await principals.GetAsync(actor, name, cancel));

    private static async Task<Ok<Principal>> ChangeAsync(
        string name, PrincipalChange change, Actor actor, PrincipalService principals, CancellationToken cancel) =>
        TypedResults.Ok(await principals.ChangeAsync(actor, name, change, cancel));

    private static async Task<NoContent> DeleteAsync(
        string name, Actor actor, PrincipalService principals, CancellationToken cancel)
    {
        await principals.DeleteAsync(actor, name, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> GrantAsync(
        string name, string kind, string scope, GrantRequest request, Actor actor, GrantService grants, CancellationToken cancel)
    {
        await grants.GrantAsync(actor, name, Scope(kind, scope), request.Role, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> TakeAsync(
        string name, string kind, string scope, Actor actor, GrantService grants, CancellationToken cancel)
    {
        await grants.RemoveAsync(actor, name, Scope(kind, scope), cancel);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<List<Grant>>> GrantsAsync(
        string kind, string scope, Actor actor, GrantService grants, CancellationToken cancel) =>
        TypedResults.Ok(await grants.ListAsync(actor, Scope(kind, scope), cancel));

    private static async Task<Ok<IReadOnlyList<ApprovalPolicy>>> PoliciesAsync(
        Actor actor, ApprovalService approvals, CancellationToken cancel) =>
        TypedResults.Ok(await approvals.PoliciesAsync(actor, cancel));

    private static async Task<Ok<ApprovalPolicy>> SetPolicyAsync(
        string kind, string scope, PolicyRequest request, Actor actor, ApprovalService approvals, CancellationToken cancel) =>
        TypedResults.Ok(await approvals.SetPolicyAsync(actor, Scope(kind, scope), request.Required, request.AuthorMayApprove, cancel));

    private static async Task<NoContent> RemovePolicyAsync(
        string kind, string scope, Actor actor, ApprovalService approvals, CancellationToken cancel)
    {
        await approvals.RemovePolicyAsync(actor, Scope(kind, scope), cancel);
        return TypedResults.NoContent();
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/>: the kind is none of those.</exception>
    private static AccessScope Scope(string kind, string name) => AccessScope.Parse($"{kind}/{name}");
}
