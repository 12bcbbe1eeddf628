using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Monitoring;

/// <summary>What is wrong, and who looks after it.</summary>
public sealed class AlertService(Db db, AccessService access, AuditLog audit, TimeProvider time)
{
    /// <summary>Newest first.</summary>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<Alert>> ListAsync(
        string? endpoint, AlertState? state, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of alerts", limit, 1, 1000);
        var query = Json.Write(new[] { "alerts", endpoint, state?.ToString() });
        var before = pageToken is null ? "~" : PageToken.Read<string>(pageToken, query);
        var rows = await db.ReadAsync(s => AlertStore.ListAsync(s, endpoint, state, before, limit + 1, cancel), cancel);
        return PageToken.Cut(rows, limit, query, alert => alert.Id);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task<Alert> GetAsync(string id, CancellationToken cancel) =>
        await db.ReadAsync(s => AlertStore.FindAsync(s, id, cancel), cancel)
        ?? throw SlipwayException.NotFound($"There is no alert '{id}'.");

    /// <summary>Says that somebody looks after it. Doing so again changes nothing: the first keeps it.</summary>
    /// <exception cref="SlipwayException">NotFound, or <see cref="ErrorKind.FailedPrecondition"/> when it is resolved.</exception>
    public async Task<Alert> AcknowledgeAsync(string id, Actor actor, CancellationToken cancel)
    {
        access.Require(actor, Role.Contributor, $"alert/{id}");
        await db.WriteAsync(
            async session =>
            {
                if (await AlertStore.AcknowledgeAsync(session, id, actor.Name, time.GetUtcNow().ToUnixTimeMilliseconds(), cancel) > 0)
                {
                    await audit.AppendAsync(session, actor, "alert.acknowledge", $"alert/{id}", new { id }, cancel);
                }
            },
            cancel);
        var alert = await GetAsync(id, cancel);
        return alert.State != AlertState.Resolved
            ? alert
            : throw new SlipwayException(ErrorKind.FailedPrecondition, $"Alert '{id}' is resolved already.");
    }
}
