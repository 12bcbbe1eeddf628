using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Access;

/// <summary>Who did what to which object, as a chain of hashes: a row that is changed, removed or slipped in later is found.</summary>
/// <remarks>
/// The chain alone cannot show that somebody with write access to the database rewrote all of it; compare
/// <see cref="AuditVerdict.HeadHash"/> with one kept elsewhere.
/// </remarks>
public sealed class AuditLog(Db db, TimeProvider time)
{
    /// <summary>In characters; three bytes each still fit a PostgreSQL index entry, of at most 2704 bytes.</summary>
    public const int MaxObjectLength = 600;

    private const int VerifyPage = 1000;

    /// <summary>
    /// Adds a row to the caller's transaction. It takes its place in the chain as the transaction's last act, so the order of
    /// rows is the order of commits and the chain's lock is held for microseconds.
    /// </summary>
    /// <param name="action">As <c>thing.verb</c>, such as <c>model_version.transition</c>.</param>
    /// <param name="detail">Written as JSON.</param>
    public Task AppendAsync(
        DbSession session, Actor actor, string action, string objectRef, object? detail, CancellationToken cancel)
    {
        Limit.Name("An actor's name", actor.Name, Actor.MaxNameLength);
        Limit.Name("An audited object", objectRef, MaxObjectLength);
        var entry = new AuditEntry(
            0, time.GetUtcNow().ToUnixTimeMilliseconds(), actor.Name, action, objectRef, Json.Write(detail), "", "");
        session.BeforeCommit(() => ChainAsync(session, entry, cancel));
        return Task.CompletedTask;
    }

    /// <summary>Recomputes the chain as it stands at the call, in pages.</summary>
    public async Task<AuditVerdict> VerifyAsync(CancellationToken cancel)
    {
        var head = await db.ReadAsync(session => AuditStore.EndAsync(session, cancel), cancel);
        var (seq, previous) = (0L, AuditHash.Genesis);
        while (true)
        {
            var rows = await db.ReadAsync(session => AuditStore.AfterAsync(session, seq, VerifyPage, cancel), cancel);
            foreach (var row in rows.Where(row => row.Seq <= head.Seq))
            {
                if (Flaw(row, seq + 1, previous) is { } reason)
                {
                    return new AuditVerdict(seq, Math.Min(row.Seq, seq + 1), reason, head.Hash);
                }

                (seq, previous) = (row.Seq, row.Hash);
            }

            // Rows beyond the head were added since it was read.
            if (rows.Count < VerifyPage || rows[^1].Seq >= head.Seq)
            {
                return EndsAt(head, seq, previous);
            }
        }
    }

    /// <summary>Newest first.</summary>
    /// <param name="objectRef">Only rows about exactly this object, when given.</param>
    /// <param name="actor">Only rows of this actor, when given.</param>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<AuditEntry>> ListAsync(
        string? objectRef, string? actor, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of the audit log", limit, 1, 1000);
        var query = Json.Write(new[] { "audit", objectRef, actor });
        var before = pageToken is null ? long.MaxValue : PageToken.Read<long>(pageToken, query);
        var rows = await db.ReadAsync(
            session => AuditStore.ListAsync(session, objectRef, actor, before, limit + 1, cancel), cancel);
        return PageToken.Cut(rows, limit, query, row => row.Seq);
    }

    private static async Task ChainAsync(DbSession session, AuditEntry entry, CancellationToken cancel)
    {
        var head = await AuditStore.TakeHeadAsync(session, cancel);
        var chained = entry with { Seq = head.Seq, PreviousHash = head.Hash };
        chained = chained with { Hash = AuditHash.Of(chained) };
        await AuditStore.InsertAsync(session, chained, cancel);
        await AuditStore.MoveHeadAsync(session, chained.Hash, cancel);
    }

    private static string? Flaw(AuditEntry row, long expectedSeq, string previous) => row switch
    {
        _ when row.Seq != expectedSeq => $"Row {expectedSeq} is missing.",
        _ when row.PreviousHash != previous => $"Row {row.Seq} does not follow the row before it.",
        _ when row.Hash != AuditHash.Of(row) => $"Row {row.Seq} was changed after it was written.",
        _ => null,
    };

    private static AuditVerdict EndsAt(AuditEnd head, long seq, string hash) => (seq, hash) switch
    {
        _ when seq < head.Seq => new AuditVerdict(seq, seq + 1, $"Row {seq + 1} is missing.", head.Hash),
        _ when hash != head.Hash => new AuditVerdict(seq - 1, seq, $"Row {seq} is not the one the chain ended with.", head.Hash),
        _ when head.LastSeq > seq => new AuditVerdict(seq, seq + 1, $"A row beyond {seq} was added past the log.", head.Hash),
        _ => new AuditVerdict(seq, null, null, head.Hash),
    };
}
