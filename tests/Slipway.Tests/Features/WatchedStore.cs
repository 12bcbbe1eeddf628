using Slipway.Platform.Features.Online;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Tests.Features;

/// <summary>A real store, and what happens just before each write of it: a fault, a count, somebody else who is faster.</summary>
internal sealed class WatchedStore(IOnlineStore inner, Func<IReadOnlyList<OnlineWrite>, Task> before) : IOnlineStore
{
    public ValueTask<OnlineEntry?[]> ReadAsync(string view, EntityKeys keys, CancellationToken cancel) => inner.ReadAsync(view, keys, cancel);

    public async Task WriteAsync(IReadOnlyList<OnlineWrite> writes, Func<DbSession, Task>? position, CancellationToken cancel)
    {
        await before(writes);

        // What has begun ends, as in a process that is cut off by another fault.
        await inner.WriteAsync(writes, position, CancellationToken.None);
    }

    public Task<int> DeleteAsync(string view, IReadOnlyList<byte[]> keys, CancellationToken cancel) => inner.DeleteAsync(view, keys, cancel);

    public Task<bool> DeleteAsync(string view, byte[] key, long upToUs, CancellationToken cancel) => inner.DeleteAsync(view, key, upToUs, cancel);

    public IAsyncEnumerable<byte[]> KeysAsync(string view, CancellationToken cancel) => inner.KeysAsync(view, cancel);
}
