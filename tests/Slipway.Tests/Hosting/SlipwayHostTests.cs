using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Slipway.Core.Errors;
using Slipway.Hosting;
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
        var worker = new Failing();
        await using var server = await RunningHost.StartAsync(
            change: options => options with { LogLevel = LogLevel.None }, add: services => services.AddHostedService(_ => worker));

        worker.FailNow.SetResult();

        var error = await Assert.ThrowsAsync<SlipwayException>(
            () => server.Host.WaitForShutdownAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(20), Cancel));
        Assert.Equal("Failing failed and stopped the server: the disk is full", error.Message);
    }

    [Fact]
    public async Task A_start_that_fails_with_an_error_of_ours_is_said_once_by_the_command()
    {
        var log = new ErrorLog();

        var error = await Assert.ThrowsAsync<SlipwayException>(() => RunningHost.StartAsync(add: services => services
            .AddSingleton<ILoggerProvider>(log)
            .AddHostedService<Refusing>()));

        Assert.Equal("the database is newer than this program", error.Message);
        Assert.Contains(log.Errors, entry => entry.Item3 is SlipwayException);
        Assert.All(log.Errors, entry => Assert.True(ConsoleLogging.IsSaidByCommand(entry.Item1, entry.Item2, entry.Item3)));
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
        public TaskCompletionSource FailNow { get; } = new();

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await FailNow.Task;
            throw new IOException("the disk is full");
        }
    }

    private sealed class Refusing : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) =>
            throw new SlipwayException(ErrorKind.FailedPrecondition, "the database is newer than this program");

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class ErrorLog : ILoggerProvider
    {
        public List<(string Category, EventId Id, Exception? Error)> Errors { get; } = [];

        public ILogger CreateLogger(string categoryName) => new Logger(categoryName, Errors);

        public void Dispose()
        {
        }

        private sealed class Logger(string category, List<(string, EventId, Exception?)> errors) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

            public void Log<TState>(
                LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                errors.Add((category, eventId, exception));
        }
    }
}
