using System.Collections.Concurrent;
using System.Diagnostics;

namespace Slipway.Inference;

/// <summary>Stops the native calls of all sessions that run beyond their deadlines, within <see cref="Period"/>.</summary>
internal static class RunWatch
{
    private static readonly ConcurrentDictionary<OnnxSession, bool> Sessions = [];
    private static readonly Timer Clock = new(_ => Look(), null, Period, Period);

    public static TimeSpan Period => TimeSpan.FromMilliseconds(50);

    public static void Add(OnnxSession session)
    {
        Sessions.TryAdd(session, true);
        GC.KeepAlive(Clock);
    }

    public static void Remove(OnnxSession session) => Sessions.TryRemove(session, out _);

    private static void Look()
    {
        var now = Stopwatch.GetTimestamp();
        foreach (var (session, _) in Sessions)
        {
            session.StopLate(now);
        }
    }
}
