using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Slipway.Configuration;
using Slipway.Hosting;

namespace Slipway.Tests.Hosting;

/// <summary>The real host in this process, on a free port and its own data folder, with endpoints a test adds.</summary>
internal sealed class RunningHost : IAsyncDisposable
{
    private readonly TempFolder folder = new();

    private RunningHost(
        Func<SlipwayOptions, SlipwayOptions>? change, Action<IServiceCollection>? add, Action<WebApplication>? map)
    {
        var options = new SlipwayOptions
        {
            DataDirectory = folder.FullPath,
            Urls = [new ListenAddress("127.0.0.1", 0)],
            GrpcUrls = [new ListenAddress("127.0.0.1", 0)],
            LogLevel = LogLevel.Error,
        };
        Host = SlipwayHost.Create(change is null ? options : change(options), add, map);
        Http = new HttpClient { BaseAddress = new Uri(Host.Address.ToString()) };
    }

    public SlipwayHost Host { get; }

    public HttpClient Http { get; }

    public static async Task<RunningHost> StartAsync(
        Func<SlipwayOptions, SlipwayOptions>? change = null, Action<IServiceCollection>? add = null, Action<WebApplication>? map = null)
    {
        var running = new RunningHost(change, add, map);
        try
        {
            await running.Host.StartAsync(TestContext.Current.CancellationToken);
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Host.DisposeAsync();
        folder.Dispose();
    }
}
