using System.Data.Common;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Access;

internal sealed record AuditHead(long Seq, string Hash);

/// <param name="LastSeq">The highest row there is; the head's own when nobody tampered.</param>
internal sealed record AuditEnd(long Seq, string Hash, long LastSeq);

internal static class AuditStore
{
    private const string Columns = "seq, at_ms, actor, action, object, detail, previous_hash, hash";

    /// <summary>Locks the end of the chain until the transaction ends.</summary>
    /// <returns>The number of the row to write, and the hash of the row before it.</returns>
    public static async Task<AuditHead> TakeHeadAsync(DbSession session, CancellationToken cancel) =>
        await session.FirstAsync(
            "update audit_head set seq = seq + 1 where id = 1 returning seq, hash", null, ReadHead, cancel)
        ?? throw new InvalidOperationException("The audit log has lost its head row.");

    public static Task MoveHeadAsync(DbSession session, string hash, CancellationToken cancel) => session.ExecuteAsync(
        "update audit_head set hash = @hash where id = 1", c => c.With("hash", hash), cancel);

    /// <summary>In one statement, so that rows added meanwhile do not look like forged ones.</summary>
    public static async Task<AuditEnd> EndAsync(DbSession session, CancellationToken cancel) =>
        await session.FirstAsync(
            "select seq, hash, (select coalesce(max(seq), 0) from audit_log) from audit_head where id = 1",
            null,
            row => new AuditEnd(row.GetInt64(0), row.GetString(1), row.GetInt64(2)),
            cancel)
        ?? throw new InvalidOperationException("The audit log has lost its head row.");

    public static Task InsertAsync(DbSession session, AuditEntry entry, CancellationToken cancel) => session.ExecuteAsync(
        $"insert into audit_log ({Columns}) values (@seq, @at, @actor, @action, @object, @detail, @previous, @hash)",
        c => c.With("seq", entry.Seq).With("at", entry.AtMs).With("actor", entry.Actor).With("action", entry.Action)
            .With("object", entry.Object).With("detail", entry.Detail).With("previous", entry.PreviousHash)
            .With("hash", entry.Hash),
        cancel);

    public static Task<List<AuditEntry>> AfterAsync(DbSession session, long seq, int max, CancellationToken cancel) =>
        session.QueryAsync(
            $"select {Columns} from audit_log where seq > @seq order by seq limit @max",
            c => c.With("seq", seq).With("max", max),
            Read,
            cancel);

    public static Task<List<AuditEntry>> ListAsync(
        DbSession session, string? objectRef, string? actor, long before, int max, CancellationToken cancel) => session.QueryAsync(
        $"""
        select {Columns} from audit_log
        where seq < @before and (cast(@object as text) is null or object = @object)
          and (cast(@actor as text) is null or actor = @actor)
        order by seq desc limit @max
        """,
        c => c.With("before", before).With("object", objectRef).With("actor", actor).With("max", max),
        Read,
        cancel);

    private static AuditHead ReadHead(DbDataReader row) => new(row.GetInt64(0), row.GetString(1));

    private static AuditEntry Read(DbDataReader row) => new(
        row.GetInt64(0), row.GetInt64(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5),
        row.GetString(6), row.GetString(7));
}
