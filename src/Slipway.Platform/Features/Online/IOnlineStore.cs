using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Online;

/// <summary>
/// Where the newest row per entity and view is kept. The greatest (event time, created time) wins, then the last write: within a
/// batch, between batches and between processes alike. One set of contract tests runs on every implementation.
/// </summary>
public interface IOnlineStore
{
    /// <param name="view">The key of the view's version, such as <c>airport_arrivals@2</c>: rows of two versions never mix.</param>
    /// <returns>Per key the row, or null where there is none or the key is missing.</returns>
    /// <exception cref="Core.Errors.SlipwayException"><see cref="Core.Errors.ErrorKind.Unavailable"/>, at once, when the store cannot be asked.</exception>
    ValueTask<OnlineEntry?[]> ReadAsync(string view, EntityKeys keys, CancellationToken cancel);

    /// <summary>
    /// Writes rows, and with them what must not be there without them, such as how far a reader has come. A store that is not the
    /// database itself writes the rows first: after a crash in between they are written again, which changes nothing.
    /// </summary>
    /// <param name="position">Runs in the transaction; when it throws, nothing that it did is kept.</param>
    /// <exception cref="Core.Errors.SlipwayException"><see cref="Core.Errors.ErrorKind.Unavailable"/> when the store stays away for longer than a write waits.</exception>
    Task WriteAsync(IReadOnlyList<OnlineWrite> writes, Func<DbSession, Task>? position, CancellationToken cancel);

    /// <summary>Removes entities for good; a later write of one, of whatever event time, counts again.</summary>
    /// <returns>How many there were.</returns>
    Task<int> DeleteAsync(string view, IReadOnlyList<byte[]> keys, CancellationToken cancel);

    /// <summary>The same for one entity, unless its row is of a later event time.</summary>
    Task<bool> DeleteAsync(string view, byte[] key, long upToUs, CancellationToken cancel);

    /// <summary>The keys of all entities of a view, in no order; one that is written meanwhile may be missed.</summary>
    IAsyncEnumerable<byte[]> KeysAsync(string view, CancellationToken cancel);
}
