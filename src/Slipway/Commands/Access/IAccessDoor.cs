using Slipway.Platform.Access;

namespace Slipway.Commands.Access;

/// <summary>What the commands on keys, users and the audit log do: on a database itself, or through a running server.</summary>
internal interface IAccessDoor : IAsyncDisposable
{
    Task<NewKey> CreateKeyAsync(KeyRequest request, CancellationToken cancel);

    /// <param name="principal">Only keys of this one, when given.</param>
    Task<List<ApiKey>> KeysAsync(string? principal, CancellationToken cancel);

    Task RevokeKeyAsync(string id, CancellationToken cancel);

    Task<Principal> CreatePrincipalAsync(string name, PrincipalKind kind, Role role, CancellationToken cancel);

    /// <summary>Without their grants.</summary>
    Task<List<Principal>> PrincipalsAsync(CancellationToken cancel);

    Task<Principal> PrincipalAsync(string name, CancellationToken cancel);

    Task<Principal> ChangePrincipalAsync(string name, PrincipalChange change, CancellationToken cancel);

    Task DeletePrincipalAsync(string name, CancellationToken cancel);

    Task GrantAsync(string name, AccessScope scope, Role role, CancellationToken cancel);

    Task RemoveGrantAsync(string name, AccessScope scope, CancellationToken cancel);

    Task<AuditVerdict> VerifyAsync(CancellationToken cancel);

    /// <summary>Newest first.</summary>
    Task<IReadOnlyList<AuditEntry>> AuditAsync(string? objectRef, string? actor, int limit, CancellationToken cancel);
}
