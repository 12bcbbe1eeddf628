using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Access;

/// <param name="Action">What is to be allowed, such as <c>promote:production</c>.</param>
public sealed record ApprovalRequest(string Subject, string Action, string? Reason);

public sealed record DecisionRequest([property: JsonRequired] Decision Decision, string? Comment);

public static class AccessEndpoints
{
    public static IEndpointRouteBuilder MapAccess(this IEndpointRouteBuilder routes)
    {
        var approvals = routes.MapGroup("/api/v1/approvals").WithTags("Approvals").ChecksInService();
        approvals.MapPost("", RequestAsync);
        approvals.MapGet("", ListAsync);
        approvals.MapGet("{id}", GetAsync);
        approvals.MapPost("{id}/decision", DecideAsync);

        var audit = routes.MapGroup("/api/v1/audit").WithTags("Audit");
        audit.MapGet("", ListAuditAsync);
        audit.MapGet("verify", VerifyAsync);
        routes.MapKeys();
        routes.MapPrincipals();
        return routes;
    }

    private static async Task<Created<Approval>> RequestAsync(
        ApprovalRequest request, Actor actor, ApprovalService approvals, CancellationToken cancel)
    {
        var id = await approvals.RequestAsync(actor, request.Subject, request.Action, request.Reason ?? "", cancel);
        return TypedResults.Created($"/api/v1/approvals/{id}", await approvals.GetAsync(id, cancel));
    }

    private static async Task<Ok<Page<Approval>>> ListAsync(
        string? state, string? subject, string? pageToken, int? limit, Actor actor, ApprovalService approvals, CancellationToken cancel)
    {
        ApprovalState? wanted = state is null ? null : EnumName.Parse<ApprovalState>(state, "state of an approval");
        return TypedResults.Ok(await approvals.ListAsync(actor, wanted, subject, pageToken, limit ?? 100, cancel));
    }

    private static async Task<Ok<Approval>> GetAsync(string id, Actor actor, ApprovalService approvals, CancellationToken cancel) =>
        TypedResults.Ok(await approvals.GetAsync(actor, id, cancel));

    private static async Task<Ok<Approval>> DecideAsync(
        string id, DecisionRequest request, Actor actor, ApprovalService approvals, CancellationToken cancel) =>
        TypedResults.Ok(await approvals.DecideAsync(id, actor, request.Decision, request.Comment ?? "", cancel));

    private static async Task<Ok<Page<AuditEntry>>> ListAuditAsync(
        string? @object, string? actor, string? pageToken, int? limit, AuditLog audit, CancellationToken cancel) =>
        TypedResults.Ok(await audit.ListAsync(@object, actor, pageToken, limit ?? 100, cancel));

    private static async Task<Ok<AuditVerdict>> VerifyAsync(AuditLog audit, CancellationToken cancel) =>
        TypedResults.Ok(await audit.VerifyAsync(cancel));
}
