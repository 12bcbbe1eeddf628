using Microsoft.Extensions.Hosting;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Registry.Packages;

/// <summary>When the server has just made its key, what was registered before is signed with it; afterwards nothing unsigned is loaded.</summary>
internal sealed class PackageStartup(Db db, PackageKeys keys, ModelPackages packages, RegistryService registry, AuditLog audit) : IHostedService
{
    private const int AtOnce = 100;

    private static readonly Actor Server = new("server", Role.Admin);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!keys.IsFresh)
        {
            return;
        }

        while (await SignSomeAsync(cancellationToken) == AtOnce)
        {
        }

        keys.Settle();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<int> SignSomeAsync(CancellationToken cancel)
    {
        var some = await db.ReadAsync(session => PackageStore.UnsignedAsync(session, AtOnce, cancel), cancel);
        foreach (var (model, number) in some)
        {
            await db.WriteAsync(
                async session =>
                {
                    var version = await registry.GetVersionAsync(session, model, $"{number}", cancel);
                    await packages.SealAgainAsync(session, version, cancel);
                    await audit.AppendAsync(session, Server, "model_version.sign", version.Ref, new { key = keys.Own.KeyId }, cancel);
                },
                cancel);
        }

        return some.Count;
    }
}
