using Microsoft.Extensions.DependencyInjection;

namespace Slipway.Tests.Serving;

/// <summary>A contract that holds on both engines for one server's serving module.</summary>
public abstract class OnServing(PostgresServer? postgres) : OnBothEngines(postgres), IAsyncDisposable
{
    private ServingKit? kit;

    private protected ServingKit Kit => kit!;

    protected override async Task PrepareAsync() => kit = await StartAsync();

    private protected Task<ServingKit> StartAsync(Action<IServiceCollection>? add = null) =>
        ServingKit.StartAsync(Db, Folder.Combine("blobs"), Time, add ?? Add);

    /// <summary>Services of this contract beside those of the module.</summary>
    protected virtual void Add(IServiceCollection services)
    {
    }

    private protected async ValueTask StopAsync()
    {
        if (kit is not null)
        {
            await kit.DisposeAsync();
        }

        await DisposeAsync();
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await StopAsync();
        GC.SuppressFinalize(this);
    }
}
