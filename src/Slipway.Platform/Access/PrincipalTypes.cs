namespace Slipway.Platform.Access;

public enum PrincipalKind
{
    /// <summary>A person.</summary>
    User,

    /// <summary>A program, such as a training job or a client that asks for predictions.</summary>
    Service,
}

/// <summary>Who can be given roles and keys.</summary>
/// <param name="Role">Held everywhere.</param>
/// <param name="Disabled">Known, and turned away for now.</param>
/// <param name="Grants">Roles held beyond it, by scope: <c>project/NAME</c>, <c>model/NAME</c> or <c>view/NAME</c>.</param>
public sealed record Principal(
    string Name, PrincipalKind Kind, Role Role, bool Disabled, long CreatedMs, IReadOnlyDictionary<string, Role> Grants)
{
    public const int MaxNameLength = 100;
}

/// <param name="Role">Null leaves it as it is.</param>
/// <param name="Disabled">Null leaves it as it is.</param>
public sealed record PrincipalChange(Role? Role, bool? Disabled);

/// <summary>A role that one principal holds in one scope.</summary>
public sealed record Grant(string Principal, string Scope, Role Role);

/// <summary>What is known of an API key; its secret is not.</summary>
/// <param name="Id">The part after <c>slipway_</c>; no secret.</param>
/// <param name="Principal">Whose roles it can use.</param>
/// <param name="Scopes">With those that they include.</param>
/// <param name="ExpiresMs">Null for never.</param>
/// <param name="LastUsedMs">To the minute.</param>
public sealed record ApiKey(
    string Id, string Principal, string Description, IReadOnlyList<KeyScope> Scopes, string CreatedBy, long CreatedMs,
    long? ExpiresMs, long? LastUsedMs, long? RevokedMs)
{
    public const int MaxDescriptionLength = 500;
}

/// <param name="Principal">Whose key it is to be.</param>
/// <param name="Scopes">All when null or empty: the owner's role is the only limit then.</param>
/// <param name="ExpiresInDays">1 to 3660; never when null.</param>
/// <param name="Role">Makes the principal, when there is none of this name, with this role; for admins.</param>
/// <param name="Signing">Makes a secret beside the key, with which its holder can sign requests instead of sending it.</param>
public sealed record KeyRequest(
    string Principal, string? Description = null, IReadOnlyList<KeyScope>? Scopes = null, int? ExpiresInDays = null, Role? Role = null,
    PrincipalKind Kind = PrincipalKind.User, bool Signing = false);

/// <param name="Text">What its holder sends. It is shown here and never again.</param>
/// <param name="SigningSecret">
/// The secret access key of AWS Signature Version 4, whose access key id is that of the key. Likewise; null when none was asked for.
/// </param>
public sealed record NewKey(ApiKey Key, string Text, string? SigningSecret = null);
