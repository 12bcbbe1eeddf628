using Slipway.Configuration;
using Slipway.Platform.Foundation;

namespace Slipway.Hosting;

/// <summary>
/// Readiness at both ends of the server's life: not ready until everything has started, and from the stop signal on, while
/// requests are still answered for <see cref="SlipwayOptions.DrainDelay"/> so that balancers can take the server out first.
/// </summary>
internal sealed class Draining(Readiness readiness, SlipwayOptions options, TimeProvider time) : IHostedLifecycleService
{
    private const string Part = "server";

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        readiness.Wait(Part, "starting");
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        readiness.Done(Part);
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        readiness.Wait(Part, "stopping");
        await Task.Delay(options.DrainDelay, time, cancellationToken);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
