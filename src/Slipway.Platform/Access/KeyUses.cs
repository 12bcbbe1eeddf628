using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Access;

/// <summary>When keys were last used: noted in memory by every request, written once a minute and at the end.</summary>
public sealed partial class KeyUses(Db db, TimeProvider time, ILogger<KeyUses> log) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, long> unwritten = new(StringComparer.Ordinal);

    internal void Note(string keyId, long nowMs) => unwritten[keyId] = nowMs;

    /// <summary>With what was not written yet.</summary>
    internal ApiKey Complete(ApiKey key) =>
        unwritten.TryGetValue(key.Id, out var used) ? key with { LastUsedMs = used } : key;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await WriteAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await WriteAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is left is written by StopAsync.
        }
    }

    internal async Task WriteAsync(CancellationToken cancel)
    {
        var noted = unwritten.ToArray();
        if (noted.Length == 0)
        {
            return;
        }

        try
        {
            await db.WriteAsync(
                async session =>
                {
                    foreach (var (id, used) in noted)
                    {
                        await KeyStore.UsedAsync(session, id, used, cancel);
                    }
                },
                cancel);
        }
        catch (SlipwayException failure) when (failure.Kind == ErrorKind.Unavailable)
        {
            // They stay noted for the next time.
            LogUnwritten(noted.Length, failure.Message);
            return;
        }

        foreach (var written in noted)
        {
            // Only when it was not used again meanwhile.
            unwritten.TryRemove(written);
        }
    }

    [LoggerMessage(2001, LogLevel.Warning, "The last use of {Keys} keys could not be written: {Reason}")]
    private partial void LogUnwritten(int keys, string reason);
}
