using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;

namespace Slipway.Tests.Hosting;

public sealed class SlipwayHostTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_in_flight_when_the_server_stops_is_answered()
    {
        var (arrived, mayAnswer) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var server = await RunningHost.StartAsync(map: app => app.MapGet("/slow", async () =>
        {
            arrived.SetResult();
            await mayAnswer.Task;
            return "done";
        }));
        var request = server.Http.GetStringAsync("/slow", Cancel);
        await arrived.Task.WaitAsync(Cancel);

        var stopping = server.Host.StopAsync(Cancel);
        await Assert.ThrowsAsync<HttpRequestException>(() => RefusedAsync(server));
        Assert.False(stopping.IsCompleted);
        mayAnswer.SetResult();

        Assert.Equal("done", await request);
        await stopping;
    }

    [Fact]
    public async Task A_request_that_outlasts_the_shutdown_timeout_does_not_hold_the_server()
    {
        var arrived = new TaskCompletionSource();
        await using var server = await RunningHost.StartAsync(
            change: options => options with { ShutdownTimeout = TimeSpan.FromMilliseconds(200) },
            map: app => app.MapGet("/endless", async (HttpContext context) =>
            {
                arrived.SetResult();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }));
        var request = server.Http.GetStringAsync("/endless", Cancel);
        await arrived.Task.WaitAsync(Cancel);

        await server.Host.StopAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => request);
    }

    [Fact]
    public async Task A_part_that_is_not_up_keeps_the_server_unready_with_its_reason()
    {
        await using var server = await RunningHost.StartAsync();
        var readiness = server.Host.Services.GetRequiredService<Readiness>();
        readiness.Wait("models", "loading 2 models");

        var answer = await server.Http.GetAsync("/readyz", Cancel);

        Assert.Equal(503, (int)answer.StatusCode);
        Assert.Contains("models: loading 2 models", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        readiness.Done("models");
        Assert.Equal("ready\n", await server.Http.GetStringAsync("/readyz", Cancel));
    }

    [Fact]
    public async Task Background_work_that_was_accepted_is_finished_after_the_last_request()
    {
        var worker = new Finisher();
        await using var server = await RunningHost.StartAsync(add: services => services.AddHostedService(_ => worker));

        await server.Host.StopAsync(Cancel);

        Assert.True(worker.Finished);
    }

    [Fact]
    public async Task A_background_service_that_fails_stops_the_server_and_is_named()
    {
        await using var server = await RunningHost.StartAsync(add: services => services.AddHostedService<Failing>());

        var error = await Assert.ThrowsAsync<SlipwayException>(
            () => server.Host.WaitForShutdownAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(20), Cancel));

        Assert.Equal("Failing failed and stopped the server: the disk is full", error.Message);
    }

    private static async Task RefusedAsync(RunningHost server)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        using var fresh = new HttpClient { BaseAddress = server.Http.BaseAddress };
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/healthz");
            request.Headers.ConnectionClose = true;
            await fresh.SendAsync(request, patience.Token);
        }
    }

    private sealed class Finisher : BackgroundService
    {
        public bool Finished { get; private set; }

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Delay(Timeout.Infinite, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.Delay(100, CancellationToken.None);
            Finished = true;
        }
    }

    private sealed class Failing : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            throw new IOException("the disk is full");
        }
    }
}
