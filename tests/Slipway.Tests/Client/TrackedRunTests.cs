using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Slipway.Client;
using Slipway.Core.Errors;
using Slipway.Core.Reproduction;
using Slipway.Tests.Hosting;

namespace Slipway.Tests.Client;

/// <summary>A program that trains, against a real server.</summary>
public sealed class TrackedRunTests
{
    private static readonly SlipwayClientOptions Options = new() { FirstWait = TimeSpan.FromMilliseconds(1) };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static SlipwayClient Connect(RunningHost server, SlipwayClientOptions? options = null) =>
        new(server.Http.BaseAddress!, options: options ?? Options);

    [Fact]
    public async Task What_a_program_logs_is_there_when_the_run_has_ended()
    {
        await using var server = await RunningHost.StartAsync();
        using var client = Connect(server);
        string id;
        await using (var run = await client.StartRunAsync("flights", new() { Name = "baseline", Seed = 7, CaptureEnvironment = false }, Cancel))
        {
            id = run.Id;
            run.LogParam("leaves", "31");
            run.SetTag("team", "operations");
            for (var step = 0; step < 2500; step++)
            {
                run.LogMetric("loss", 1.0 / (step + 1), step);
            }
        }

        var stored = await client.Runs.GetAsync(id, Cancel);
        var history = await client.Runs.MetricHistoryAsync(id, "loss", Cancel).ToListAsync(Cancel);
        Assert.Equal((RunStatus.Finished, "baseline", 7), (stored.Run.Status, stored.Run.Name, stored.Run.Environment!.Seed));
        Assert.Equal(("31", "operations"), (stored.Params["leaves"], stored.Tags["team"]));
        Assert.Equal(2500, history.Count);
        Assert.Equal(Enumerable.Range(0, 2500).Select(step => (long)step), history.Select(point => point.Step));
    }

    [Fact]
    public async Task One_bad_value_costs_only_itself_and_is_named_at_the_end()
    {
        await using var server = await RunningHost.StartAsync();
        using var client = Connect(server);
        var run = await client.StartRunAsync("flights", new() { CaptureEnvironment = false }, Cancel);
        for (var i = 0; i < 200; i++)
        {
            run.LogMetric(i == 77 ? "bad/../key" : $"m{i}", i);
        }

        var error = await Assert.ThrowsAsync<SlipwayException>(async () => await run.DisposeAsync());

        var stored = await client.Runs.GetAsync(run.Id, Cancel);
        Assert.Contains("'bad/../key'", error.Message, StringComparison.Ordinal);
        Assert.Equal(199, stored.Metrics.Count);
        Assert.Equal(RunStatus.Failed, stored.Run.Status);
    }

    [Fact]
    public async Task Values_wait_while_the_server_is_busy_and_arrive_once()
    {
        var refusals = 0;
        await using var server = await RunningHost.StartAsync(map: app => app.Use(async (context, next) =>
        {
            if (context.Request.Path.Value!.EndsWith("/batch", StringComparison.Ordinal) && Interlocked.Increment(ref refusals) <= 20)
            {
                throw new SlipwayException(ErrorKind.Unavailable, "The database is away.");
            }

            await next(context);
        }));
        using var client = Connect(server, Options with { Attempts = 2, FlushInterval = TimeSpan.FromMilliseconds(5), LongestWait = TimeSpan.FromMilliseconds(1) });
        await using var run = await client.StartRunAsync("flights", new() { CaptureEnvironment = false }, Cancel);
        for (var step = 0; step < 50; step++)
        {
            run.LogMetric("loss", step, step);
        }

        while (Volatile.Read(ref refusals) <= 20)
        {
            await Task.Delay(5, Cancel);
        }

        await run.FlushAsync(Cancel);
        Assert.Equal(50, (await client.Runs.MetricHistoryAsync(run.Id, "loss", Cancel).ToListAsync(Cancel)).Count);
    }

    [Fact]
    public async Task What_never_arrived_is_counted_when_the_run_is_disposed()
    {
        await using var server = await ScriptedServer.StartAsync((context, _, _) => context.Request.Path.Value switch
        {
            "/api/v1/experiments/by-name/flights" => context.Response.WriteAsJsonAsync(new { id = 1, name = "flights" }, Cancel),
            "/api/v1/runs" => context.Response.WriteAsJsonAsync(new { id = "r1", experimentId = 1, name = "n", status = "running", startMs = 1 }, Cancel),
            _ => ScriptedServer.RefuseAsync(context, 503, "unavailable", "The database is away.", "0"),
        });
        using var client = server.Connect(Options with { Attempts = 2 });
        var run = await client.StartRunAsync("flights", new() { CaptureEnvironment = false }, Cancel);
        run.LogMetric("loss", 1);
        run.LogParam("leaves", "31");

        var error = await Assert.ThrowsAsync<SlipwayException>(async () => await run.DisposeAsync());

        Assert.Equal("2 values of run r1 could not be stored: The database is away.", error.Message);
    }

    [Fact]
    public async Task A_run_that_was_ended_elsewhere_or_is_gone_says_so_at_the_next_value()
    {
        await using var server = await ScriptedServer.StartAsync((context, _, _) => context.Request.Path.Value switch
        {
            "/api/v1/experiments/by-name/flights" => context.Response.WriteAsJsonAsync(new { id = 1, name = "flights" }, Cancel),
            "/api/v1/runs" => context.Response.WriteAsJsonAsync(new { id = "r1", experimentId = 1, name = "n", status = "running", startMs = 1 }, Cancel),
            _ => ScriptedServer.RefuseAsync(context, 404, "not_found", "There is no run 'r1'."),
        });
        using var client = server.Connect();
        var run = await client.StartRunAsync("flights", new() { CaptureEnvironment = false }, Cancel);
        run.LogMetric("loss", 1);
        await Assert.ThrowsAsync<SlipwayException>(() => run.FlushAsync(Cancel));

        Assert.Equal("There is no run 'r1'.", Assert.Throws<SlipwayException>(() => run.LogMetric("loss", 2)).Message);
        await Assert.ThrowsAsync<SlipwayException>(async () => await run.DisposeAsync());
    }

    [Fact]
    public async Task More_than_may_wait_is_refused_where_it_is_logged()
    {
        await using var server = await RunningHost.StartAsync();
        using var client = Connect(server, Options with { MaxPending = 10, FlushInterval = TimeSpan.FromHours(1) });
        await using var run = await client.StartRunAsync("flights", new() { CaptureEnvironment = false }, Cancel);
        for (var i = 0; i < 10; i++)
        {
            run.LogMetric("loss", i, i);
        }

        var error = Assert.Throws<SlipwayException>(() => run.LogMetric("loss", 10, 10));

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains("10 values", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Work_that_throws_leaves_a_failed_run_and_work_that_is_cancelled_a_killed_one()
    {
        await using var server = await RunningHost.StartAsync();
        using var client = Connect(server);
        using var stop = new CancellationTokenSource();
        var (failed, killed) = ("", "");
        var options = new TrackedRunOptions { CaptureEnvironment = false };

        await Assert.ThrowsAsync<InvalidOperationException>(() => client.TrackAsync(
            "flights",
            (run, _) =>
            {
                failed = run.Id;
                throw new InvalidOperationException("It diverged.");
            },
            options,
            Cancel));
        await Assert.ThrowsAsync<OperationCanceledException>(() => client.TrackAsync(
            "flights",
            async (run, cancel) =>
            {
                killed = run.Id;
                await stop.CancelAsync();
                cancel.ThrowIfCancellationRequested();
            },
            options,
            stop.Token));

        Assert.Equal(RunStatus.Failed, (await client.Runs.GetAsync(failed, Cancel)).Run.Status);
        Assert.Equal(RunStatus.Killed, (await client.Runs.GetAsync(killed, Cancel)).Run.Status);
    }

    [Fact]
    public async Task Files_come_back_as_they_went_with_progress_both_ways()
    {
        using var folder = new TempFolder();
        var content = new byte[3_000_000];
        new Random(5).NextBytes(content);
        await File.WriteAllBytesAsync(folder.Combine("model.bin"), content, Cancel);
        await using var server = await RunningHost.StartAsync();
        using var client = Connect(server);
        await using var run = await client.StartRunAsync("flights", new() { CaptureEnvironment = false }, Cancel);
        var (up, down) = (new Seen(), new Seen());

        var stored = await run.LogArtifactAsync(folder.Combine("model.bin"), "model/a b.bin", up, Cancel);
        await client.Artifacts.DownloadFileAsync(run.Id, "model/a b.bin", folder.Combine("back/model.bin"), down, Cancel);

        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)), stored.Sha256);
        Assert.Equal(content, await File.ReadAllBytesAsync(folder.Combine("back/model.bin"), Cancel));
        Assert.Equal([new Artifact("model/a b.bin", 3_000_000)], await client.Artifacts.ListAsync(run.Id, "model", Cancel));
        Assert.Equal(3_000_000, up.Last.Bytes);
        Assert.Equal(3_000_000, down.Last.Bytes);
        Assert.Equal(["model.bin"], Directory.GetFiles(folder.Combine("back")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task The_environment_of_a_run_is_kept_with_its_packages_beside_it()
    {
        await using var server = await RunningHost.StartAsync();
        using var client = Connect(server);
        await using var run = await client.StartRunAsync(
            "flights", new() { Seed = 7, Command = "dotnet run --project train -- --api-key s3cret" }, Cancel);

        var environment = (await client.Runs.GetAsync(run.Id, Cancel)).Run.Environment!;
        var packages = await client.Artifacts.ReadTextAsync(run.Id, "slipway/packages.txt", Cancel);
        Assert.Equal("dotnet run --project train -- --api-key ***", environment.CommandLine);
        Assert.StartsWith(".NET 10", environment.Runtime, StringComparison.Ordinal);
        Assert.Contains("\nxunit.v3==4.", packages, StringComparison.Ordinal);
        Assert.Equal(environment.PackagesSha256, Slipway.Client.Reproduction.SourceState.HashOf(PackageList.Text(PackageList.OfThisProcess())));
    }

    private sealed class Seen : IProgress<TransferProgress>
    {
        public TransferProgress Last { get; private set; }

        public void Report(TransferProgress value) => Last = value;
    }
}
