using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Slipway.Configuration;
using Slipway.Core.Errors;
using Slipway.Platform.Access;

namespace Slipway.Hosting.SignIn;

/// <summary>Callers for whom the configured issuer vouches, by a signed token (JWT).</summary>
internal sealed class TokenSignIn(SlipwayOptions options, SignInService principals)
{
    /// <summary>Marks, before a name, one that no principal here could have.</summary>
    public const string ForeignPrefix = "oidc:";

    /// <summary>Under this key the token waits for the handler, which would itself look only at a Bearer header.</summary>
    public const string TokenItem = "slipway.token";

    /// <returns>Null without an issuer, and for a token that is not its, not for us, not valid now, or of somebody turned away.</returns>
    public async ValueTask<Actor?> ByTokenAsync(HttpContext context, string text)
    {
        if (options.Oidc is not { } oidc || SignInService.LooksLikeKey(text))
        {
            return null;
        }

        var result = await AuthenticateAsync(context, text, oidc);
        return result.Succeeded && ActorOf(result.Principal, oidc) is { } vouched
            ? await principals.ByNameAsync(vouched with { Until = result.Properties?.ExpiresUtc }, context.RequestAborted)
            : null;
    }

    private static async Task<AuthenticateResult> AuthenticateAsync(HttpContext context, string text, OidcOptions oidc)
    {
        context.Items[TokenItem] = text;
        try
        {
            return await context.AuthenticateAsync(JwtBearerDefaults.AuthenticationScheme);
        }
        catch (Exception failure) when (failure is InvalidOperationException or IOException or HttpRequestException)
        {
            throw new SlipwayException(ErrorKind.Unavailable, $"The issuer of tokens {oidc.Authority} cannot be asked for its keys.", failure);
        }
    }

    /// <returns>Null when the token names nobody.</returns>
    internal static Actor? ActorOf(ClaimsPrincipal caller, OidcOptions oidc)
    {
        var name = caller.FindFirstValue(oidc.NameClaim);
        if (string.IsNullOrEmpty(name) || name.Length > Actor.MaxNameLength - ForeignPrefix.Length)
        {
            return null;
        }

        var values = caller.FindAll(oidc.RoleClaim).Select(claim => claim.Value).ToHashSet(StringComparer.Ordinal);
        var given = oidc.Roles.Where(role => values.Contains(role.Value)).ToList();
        return new Actor(
            PrincipalService.IsName(name) ? name : ForeignPrefix + name,
            given.Where(role => role.Scope is null).Select(role => role.Role).DefaultIfEmpty(Role.None).Max(),
            given.Where(role => role.Scope is not null)
                .GroupBy(role => role.Scope!.Value.ToString(), StringComparer.Ordinal)
                .ToDictionary(scope => scope.Key, scope => scope.Max(role => role.Role), StringComparer.Ordinal));
    }
}
