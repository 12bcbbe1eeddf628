using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Database;

/// <summary>
/// The newest value of each key: noted in memory at no cost to the caller, written once a minute and when told to. What a crash may
/// take is at most a minute's notes, so it is for what can bear that.
/// </summary>
/// <param name="write">Puts one value, in the transaction of all that are written with it.</param>
/// <param name="unwritten">Told how many stay noted for the next time, and why, when the database cannot be reached.</param>
public sealed class WriteBehind<TKey, TValue>(
    Db db, TimeProvider time, Func<DbSession, TKey, TValue, CancellationToken, Task> write, Action<int, string> unwritten)
    where TKey : notnull
{
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<TKey, TValue> noted = new();

    /// <summary>What is not written yet.</summary>
    public IEnumerable<KeyValuePair<TKey, TValue>> Noted => noted;

    public void Note(TKey key, TValue value) => noted[key] = value;

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value) => noted.TryGetValue(key, out value);

    /// <summary>Writes each minute until it is stopped; what is left then is for <see cref="WriteAsync"/>.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                await WriteAsync(stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }

    public async Task WriteAsync(CancellationToken cancel)
    {
        // Always in one order: servers that write the same keys at the same time do not wait for one another in a ring.
        var values = noted.OrderBy(value => value.Key.ToString(), StringComparer.Ordinal).ToArray();
        if (values.Length == 0)
        {
            return;
        }

        try
        {
            await db.WriteAsync(
                async session =>
                {
                    foreach (var (key, value) in values)
                    {
                        await write(session, key, value, cancel);
                    }
                },
                cancel);
        }
        catch (SlipwayException failure) when (failure.Kind == ErrorKind.Unavailable)
        {
            unwritten(values.Length, failure.Message);
            return;
        }

        foreach (var written in values)
        {
            // Only when there is no newer value meanwhile.
            noted.TryRemove(written);
        }
    }
}
