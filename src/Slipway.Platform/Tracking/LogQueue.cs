using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>
/// Writes what many callers log with one set of statements and one commit: on PostgreSQL each statement costs a round trip
/// and each commit a flush. While one set is written the next one gathers.
/// </summary>
internal sealed class LogQueue(Db db, LogWriter writer)
{
    private const int MaxSet = 64;

    private readonly Lock gate = new();
    private readonly Queue<LoggedCall> waiting = [];
    private bool busy;

    public Task WriteAsync(LoggedCall entry)
    {
        lock (gate)
        {
            waiting.Enqueue(entry);
            if (!busy)
            {
                busy = true;
                _ = Task.Run(DrainAsync, CancellationToken.None);
            }
        }

        return entry.Answered;
    }

    /// <summary>Never throws: each entry takes its own failure.</summary>
    private async Task DrainAsync()
    {
        while (Next() is { Count: > 0 } set)
        {
            try
            {
                await WriteAsync(set);
            }
            catch (Exception failure) when (set.Count == 1 || failure is SlipwayException { Kind: ErrorKind.Unavailable })
            {
                set.ForEach(entry => entry.Fail(failure));
            }
            catch (Exception)
            {
                // One of them is to blame: alone, each is stored or learns what is wrong with it.
                foreach (var entry in set)
                {
                    await WriteAloneAsync(entry);
                }
            }
        }
    }

    private async Task WriteAloneAsync(LoggedCall entry)
    {
        try
        {
            await WriteAsync([entry]);
        }
        catch (Exception failure)
        {
            entry.Fail(failure);
        }
    }

    private async Task WriteAsync(List<LoggedCall> set)
    {
        await db.WriteAsync(session => writer.WriteAsync(session, set, CancellationToken.None), CancellationToken.None);
        set.ForEach(entry => entry.Answer());
    }

    private List<LoggedCall> Next()
    {
        var set = new List<LoggedCall>();
        lock (gate)
        {
            while (set.Count < MaxSet && waiting.TryDequeue(out var entry))
            {
                if (!entry.IsAbandoned())
                {
                    set.Add(entry);
                }
            }

            busy = set.Count > 0;
        }

        return set;
    }
}
