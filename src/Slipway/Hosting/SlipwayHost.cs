using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Slipway.Configuration;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;

namespace Slipway.Hosting;

/// <summary>One running server: sockets, data folder, application. Commands that need a server start one of these.</summary>
internal sealed class SlipwayHost : IAsyncDisposable
{
    /// <summary>Bytes of method, path and query; a hundred run ids in a query take 5 KB.</summary>
    private const int MaxRequestLineBytes = 16 << 10;

    private const int MaxHeaderBytes = 32 << 10;
    private const int MaxHeaders = 100;

    private readonly ListenSockets sockets;
    private readonly DataFolder folder;
    private readonly WebApplication app;

    private SlipwayHost(ListenSockets sockets, DataFolder folder, WebApplication app) =>
        (this.sockets, this.folder, this.app) = (sockets, folder, app);

    /// <summary>The first real HTTP address, its port never 0.</summary>
    public ListenAddress Address => sockets.Http[0];

    /// <summary>The first real gRPC address, its port never 0.</summary>
    public ListenAddress GrpcAddress => sockets.Grpc[0];

    public IServiceProvider Services => app.Services;

    /// <param name="add">Adds services to those of <see cref="Composition"/>.</param>
    /// <param name="map">Adds endpoints to those of <see cref="Composition"/>.</param>
    /// <exception cref="SlipwayException">The addresses may not or cannot be used, or the data folder cannot; nothing was written then.</exception>
    public static SlipwayHost Create(
        SlipwayOptions options, Action<IServiceCollection>? add = null, Action<WebApplication>? map = null)
    {
        ListenPolicy.Check(options);
        ListenSockets? sockets = null;
        DataFolder? folder = null;
        try
        {
            sockets = ListenSockets.Open(options);
            folder = DataFolder.Open(options.DataDirectory);
            var app = Build(options, sockets, add);
            app.MapSlipway();
            map?.Invoke(app);
            return new SlipwayHost(sockets, folder, app);
        }
        catch
        {
            folder?.Dispose();
            sockets?.Dispose();
            throw;
        }
    }

    /// <summary>Whether a signal or a failure has told the server to stop.</summary>
    public bool IsStopping => app.Lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Returns when the server is ready for traffic, or throws what kept it from starting.</summary>
    /// <exception cref="OperationCanceledException">It was told to stop before it was ready.</exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, app.Lifetime.ApplicationStopping);
        await app.StartAsync(either.Token);
        await Services.GetRequiredService<Readiness>().WhenReadyAsync(either.Token);
    }

    /// <summary>Returns when a signal or a failure has stopped the server and accepted work is finished.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unavailable"/>: a background service failed, which stopped the server.</exception>
    public async Task WaitForShutdownAsync(CancellationToken cancel)
    {
        await app.WaitForShutdownAsync(cancel);
        var failed = Services.GetServices<IHostedService>().OfType<BackgroundService>()
            .FirstOrDefault(service => service.ExecuteTask is { IsFaulted: true });
        if (failed is not null)
        {
            var error = failed.ExecuteTask!.Exception!.InnerException!;
            throw new SlipwayException(ErrorKind.Unavailable, $"{failed.GetType().Name} failed and stopped the server: {error.Message}", error);
        }
    }

    public Task StopAsync(CancellationToken cancel) => app.StopAsync(cancel);

    /// <summary>Stops the server first where nobody has: what it accepted is finished before its stores are closed.</summary>
    public async ValueTask DisposeAsync()
    {
        if (app.Lifetime.ApplicationStarted.IsCancellationRequested && !app.Lifetime.ApplicationStopped.IsCancellationRequested)
        {
            await app.StopAsync(CancellationToken.None);
        }

        await app.DisposeAsync();
        sockets.Dispose();
        folder.Dispose();
    }

    /// <remarks>The empty builder reads no appsettings.json and no ASPNETCORE_ variables: there is one configuration, ours.</remarks>
    private static WebApplication Build(SlipwayOptions options, ListenSockets sockets, Action<IServiceCollection>? add)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "slipway" });
        builder.Logging.AddSlipwayConsole(options);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodySize;
            kestrel.Limits.MaxRequestLineSize = MaxRequestLineBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
            kestrel.Limits.MaxRequestHeaderCount = MaxHeaders;
            sockets.Configure(kestrel);
        });
        builder.Services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = sockets.Take);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainDelay + options.ShutdownTimeout);
        builder.Services.AddSlipway(options);
        add?.Invoke(builder.Services);
        return builder.Build();
    }
}
