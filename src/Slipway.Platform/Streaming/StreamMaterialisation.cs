using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Streaming;

/// <summary>Begins a streaming view from history, as if its events had streamed.</summary>
public sealed class StreamMaterialisation(
    EventLog log, FeatureRegistryService registry, OnlineStore store, StreamSignals signals, TimeProvider time)
{
    /// <summary>
    /// Runs the history up to a time through the view's windows, writes the online rows as of that time, and lets the stream go
    /// on from there: the topic is read anew, in which events up to that time are late and later ones count, wherever they stand.
    /// So none is missed and none counts twice. Replaces what the view held before, in one transaction.
    /// </summary>
    /// <param name="history">Rows of the view's source as it names them; those after <paramref name="upTo"/> are left out.</param>
    /// <returns>How many online rows were written.</returns>
    /// <exception cref="SlipwayException">NotFound for an unknown view; Invalid when the history lacks a column.</exception>
    public async Task<int> MaterialiseAsync(string view, Table history, DateTimeOffset upTo, CancellationToken cancel)
    {
        var windowed = await registry.StreamingViewAsync(view, cancel);
        var (rows, state) = await Task.Run(() => Run(windowed, history, Microseconds.From(upTo)), cancel);
        await store.WriteAsync(
            [new OnlineWrite(windowed.Key, rows)],
            session => ReplaceAsync(session, windowed, state, Microseconds.From(upTo), cancel),
            cancel);
        signals.Replaced.Beat();
        return rows.Count;
    }

    private (IReadOnlyList<OnlineRow> Rows, byte[]? State) Run(WindowedView view, Table history, long upTo)
    {
        var newest = new Dictionary<string, OnlineRow>(StringComparer.Ordinal);
        var created = Microseconds.From(time.GetUtcNow());
        var state = view.Run(history, upTo, rows =>
        {
            foreach (var row in view.Stored.Newest(rows, created))
            {
                newest[Convert.ToHexString(row.Key)] = row;
            }
        });
        return ([.. newest.Values], state);
    }

    private async Task ReplaceAsync(DbSession session, WindowedView view, byte[]? state, long upTo, CancellationToken cancel)
    {
        var (topic, key) = (view.Topic, view.Key);
        var before = await StreamStore.PositionAsync(session, key, cancel);
        var after = ViewPosition.Start with { Epoch = before.Epoch + 1, HistoryUntilUs = upTo, WatermarkUs = upTo };
        await StreamStore.SavePositionAsync(session, key, topic, after, before.Epoch, cancel);
        await StreamStore.SaveStateAsync(session, key, state, cancel);
        await EventLog.CommitOffsetAsync(session, topic, key, await log.OffsetAsync(topic, key, cancel), 0, cancel);
    }
}
