using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Access;

/// <summary>When keys were last used: noted by every request, written behind.</summary>
public sealed partial class KeyUses : BackgroundService
{
    private readonly ILogger<KeyUses> log;
    private readonly WriteBehind<string, long> uses;

    public KeyUses(Db db, TimeProvider time, ILogger<KeyUses> log)
    {
        this.log = log;
        uses = new(db, time, KeyStore.UsedAsync, LogUnwritten);
    }

    internal void Note(string keyId, long nowMs) => uses.Note(keyId, nowMs);

    /// <summary>With what was not written yet.</summary>
    internal ApiKey Complete(ApiKey key) => uses.TryGet(key.Id, out var used) ? key with { LastUsedMs = used } : key;

    internal Task WriteAsync(CancellationToken cancel) => uses.WriteAsync(cancel);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await uses.WriteAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => uses.RunAsync(stoppingToken);

    [LoggerMessage(2001, LogLevel.Warning, "The last use of {Keys} keys could not be written: {Reason}")]
    private partial void LogUnwritten(int keys, string reason);
}
