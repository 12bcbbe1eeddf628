using Slipway.Core.Data;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Features.Offline;

/// <summary>The rows that a view had from its topic: gone through as the stream did, so that late events were late and corrections came when they came.</summary>
internal static class TopicHistory
{
    private const int PageEvents = 20_000;

    /// <param name="emitted">Takes the rows of each portion; there is one, if an empty one.</param>
    public static async Task ReplayAsync(EventLog log, WindowedView view, Action<Table> emitted, CancellationToken cancel)
    {
        var (run, from) = (new WindowedRun(view, state: null, online: false), 0L);
        emitted(view.NoRows());
        while (await log.ReadAsync(view.Topic, from, PageEvents, cancel) is { Count: > 0 } page)
        {
            foreach (var rows in (await Task.Run(() => run.Take(page), cancel)).Rows)
            {
                emitted(rows);
            }

            from = page[^1].Offset + 1;
        }
    }
}
