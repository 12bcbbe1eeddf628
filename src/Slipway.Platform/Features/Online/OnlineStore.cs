using Slipway.Platform.Features.Erasure;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Online;

/// <summary>
/// The newest row per entity and view, wherever it is kept. The one door of everybody who writes online values: what was erased
/// never comes back through it.
/// </summary>
public sealed class OnlineStore(IOnlineStore rows, ErasureList? erasures = null)
{
    /// <summary>On the metadata database, where nothing is erased.</summary>
    public OnlineStore(Db db, OnlineStoreOptions options)
        : this(new SqlOnlineStore(db, options))
    {
    }

    /// <inheritdoc cref="IOnlineStore.ReadAsync"/>
    public ValueTask<OnlineEntry?[]> ReadAsync(string view, EntityKeys keys, CancellationToken cancel) => rows.ReadAsync(view, keys, cancel);

    public Task WriteAsync(string view, IReadOnlyList<OnlineRow> newRows, CancellationToken cancel) =>
        WriteAsync([new OnlineWrite(view, newRows)], null, cancel);

    /// <inheritdoc cref="IOnlineStore.WriteAsync"/>
    public async Task WriteAsync(IReadOnlyList<OnlineWrite> writes, Func<DbSession, Task>? position, CancellationToken cancel)
    {
        if (erasures is null)
        {
            await rows.WriteAsync(writes, position, cancel);
            return;
        }

        var before = await erasures.CurrentAsync(cancel);
        var kept = writes.Select(write => write with { Rows = before.Without(write.View, write.Rows) }).ToArray();
        await rows.WriteAsync(kept, position, cancel);

        // An erasure that came in between has deleted before these rows were there; one that comes now deletes after.
        var after = await erasures.CurrentAsync(cancel);
        if (after.Sequence != before.Sequence)
        {
            foreach (var write in kept)
            {
                await rows.DeleteAsync(write.View, after.Erased(write.View, write.Rows), cancel);
            }
        }
    }

    /// <summary>Removes an entity from a view for good; a later write of it, of whatever event time, counts again.</summary>
    /// <returns>False when there was nothing to remove.</returns>
    public async Task<bool> DeleteAsync(string view, byte[] key, CancellationToken cancel) => await rows.DeleteAsync(view, [key], cancel) > 0;

    /// <inheritdoc cref="IOnlineStore.DeleteAsync(string, IReadOnlyList{byte[]}, CancellationToken)"/>
    public Task<int> DeleteAsync(string view, IReadOnlyList<byte[]> keys, CancellationToken cancel) => rows.DeleteAsync(view, keys, cancel);

    /// <inheritdoc cref="IOnlineStore.DeleteAsync(string, byte[], long, CancellationToken)"/>
    public Task<bool> DeleteAsync(string view, byte[] key, long upToUs, CancellationToken cancel) => rows.DeleteAsync(view, key, upToUs, cancel);

    /// <inheritdoc cref="IOnlineStore.KeysAsync"/>
    public IAsyncEnumerable<byte[]> KeysAsync(string view, CancellationToken cancel) => rows.KeysAsync(view, cancel);
}
