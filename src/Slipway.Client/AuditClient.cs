using Slipway.Client.Http;

namespace Slipway.Client;

public sealed class AuditClient
{
    private readonly Transport transport;

    internal AuditClient(Transport transport) => this.transport = transport;

    /// <summary>Newest first, one page at a time.</summary>
    /// <param name="objectRef">Only rows about exactly this object, when given.</param>
    /// <param name="actor">Only rows of this actor, when given.</param>
    public IAsyncEnumerable<AuditEntry> ListAsync(string? objectRef = null, string? actor = null, CancellationToken cancel = default) =>
        transport.ListAsync(
            Paging.With(Paging.With("api/v1/audit?limit=500", "object", objectRef), "actor", actor), ClientJson.Default.PageAuditEntry, cancel);

    /// <summary>Has the server recompute the chain of hashes.</summary>
    public Task<AuditVerdict> VerifyAsync(CancellationToken cancel = default) =>
        transport.CallAsync(new Call(HttpMethod.Get, "api/v1/audit/verify") { IsLong = true }, ClientJson.Default.AuditVerdict, cancel);
}
