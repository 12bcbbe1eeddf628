using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Erasure;

internal static class ErasureStore
{
    public static Task<long> SequenceAsync(DbSession session, CancellationToken cancel) => session.FirstAsync(
        "select coalesce(max(sequence), 0) from feature_erasures", null, row => row.GetInt64(0), cancel);

    public static Task<List<(string Entity, byte[] Hash)>> ErasedAsync(DbSession session, CancellationToken cancel) => session.QueryAsync(
        "select entity, key_hash from feature_erasures where erased = true",
        null,
        row => (row.GetString(0), row.GetFieldValue<byte[]>(1)),
        cancel);

    public static async Task PutAsync(
        DbSession session, string entity, IReadOnlyList<byte[]> hashes, bool erased, string by, long nowMs, CancellationToken cancel)
    {
        if (session.Engine == DbEngine.Postgres)
        {
            // Two changes must not take the same number: whoever has seen it would miss the other.
            await session.ExecuteAsync("lock table feature_erasures in share row exclusive mode", null, cancel);
        }

        var sequence = await SequenceAsync(session, cancel) + 1;
        foreach (var hash in hashes)
        {
            await session.ExecuteAsync(
                """
                insert into feature_erasures (entity, key_hash, erased, sequence, changed_by, changed_ms)
                values (@entity, @hash, @erased, @sequence, @by, @now)
                on conflict (entity, key_hash) do update set
                  erased = excluded.erased, sequence = excluded.sequence, changed_by = excluded.changed_by, changed_ms = excluded.changed_ms
                """,
                c => c.With("entity", entity).With("hash", hash).With("erased", erased).With("sequence", sequence).With("by", by).With("now", nowMs),
                cancel);
        }
    }
}
