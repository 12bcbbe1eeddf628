using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Access;

/// <summary>Who a caller is to this server.</summary>
/// <param name="Role">Held everywhere; as far as the key in use allows it.</param>
/// <param name="KeyId">Null for a caller without an API key.</param>
/// <param name="Scopes">Of the key.</param>
public sealed record WhoAmI(
    string Name, Role Role, IReadOnlyDictionary<string, Role> Grants, string? KeyId, IReadOnlyList<KeyScope>? Scopes, long? ExpiresMs);

internal static class KeyEndpoints
{
    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/whoami", WhoAmI).WithTags("Keys").NeedsSignIn();
        var keys = routes.MapGroup("/api/v1/keys").WithTags("Keys").NeedsSignIn();
        keys.MapPost("", CreateAsync);
        keys.MapGet("", ListAsync);
        keys.MapGet("{id}", GetAsync);
        keys.MapDelete("{id}", RevokeAsync).WithSummary("Revoke a key; it stays in the list");
    }

    private static Ok<WhoAmI> WhoAmI(Actor actor) => TypedResults.Ok(new WhoAmI(
        actor.Name, actor.Role, actor.Grants ?? new Dictionary<string, Role>(), actor.Key?.Id, actor.Key?.Scopes, actor.Key?.ExpiresMs));

    private static async Task<Created<NewKey>> CreateAsync(
        KeyRequest request, Actor actor, KeyService keys, HttpResponse response, CancellationToken cancel)
    {
        var made = await keys.CreateAsync(actor, request, cancel);
        response.Headers.CacheControl = "no-store";
        return TypedResults.Created($"/api/v1/keys/{made.Key.Id}", made);
    }

    private static async Task<Ok<Page<ApiKey>>> ListAsync(
        string? principal, string? pageToken, int? limit, Actor actor, KeyService keys, CancellationToken cancel) =>
        TypedResults.Ok(await keys.ListAsync(actor, principal, pageToken, limit ?? 100, cancel));

    private static async Task<Ok<ApiKey>> GetAsync(string id, Actor actor, KeyService keys, CancellationToken cancel) =>
        TypedResults.Ok(await keys.GetAsync(actor, id, cancel));

    private static async Task<NoContent> RevokeAsync(string id, Actor actor, KeyService keys, CancellationToken cancel)
    {
        await keys.RevokeAsync(actor, id, cancel);
        return TypedResults.NoContent();
    }
}
