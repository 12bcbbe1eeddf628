using Slipway.Platform.Access;

namespace Slipway.Configuration;

/// <summary>An issuer of tokens (OpenID Connect) and what its claims mean here.</summary>
internal sealed record OidcOptions
{
    /// <summary>Its keys are found at <c>/.well-known/openid-configuration</c> below it. Null until it is said.</summary>
    public Uri? Authority { get; init; }

    /// <summary>For whom tokens must be meant. Null until it is said.</summary>
    public string? Audience { get; init; }

    /// <summary>The claim that names the caller; one that users cannot change themselves.</summary>
    public string NameClaim { get; init; } = "sub";

    /// <summary>The claim with the values of <see cref="Roles"/>.</summary>
    public string RoleClaim { get; init; } = "roles";

    public IReadOnlyList<ClaimedRole> Roles { get; init; } = [];
}

/// <param name="Value">Of the claim.</param>
/// <param name="Scope">Null for the whole server.</param>
internal sealed record ClaimedRole(string Value, Role Role, AccessScope? Scope);
