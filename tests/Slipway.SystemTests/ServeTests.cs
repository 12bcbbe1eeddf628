using System.Net;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests;

public sealed class ServeTests
{
    [Fact]
    public async Task A_fresh_server_is_alive_and_ready_and_keeps_its_state_in_the_data_folder()
    {
        await using var server = await SlipwayServer.StartAsync();

        Assert.Equal("ok\n", await server.Http.GetStringAsync("/healthz"));
        Assert.Equal("ready\n", await server.Http.GetStringAsync("/readyz"));
        Assert.Equal(["data"], Directory.GetFileSystemEntries(server.Folder.FullPath).Select(Path.GetFileName));
        Assert.Equal(0, await server.StopAsync());
    }

    [Fact]
    public async Task The_grpc_port_answers_the_standard_health_service()
    {
        await using var server = await SlipwayServer.StartAsync();
        using var channel = GrpcChannel.ForAddress(server.GrpcAddress);

        var answer = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest());

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, answer.Status);
    }

    [Fact]
    public async Task A_killed_server_starts_again_on_the_same_data()
    {
        await using var server = await SlipwayServer.StartAsync();
        await server.KillAsync();

        await server.StartAgainAsync();

        Assert.Equal("ready\n", await server.Http.GetStringAsync("/readyz"));
    }

    [Fact]
    public async Task After_SIGTERM_it_is_not_ready_but_still_answers_and_then_ends_with_0()
    {
        await using var server = await SlipwayServer.StartAsync("--drain-delay", "6s");
        await server.Process.SignalAsync("TERM");

        var readiness = await UntilAsync(() => server.Http.GetAsync("/readyz"), answer => !answer.IsSuccessStatusCode);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, readiness.StatusCode);
        Assert.Contains("server: stopping", await readiness.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("ok\n", await server.Http.GetStringAsync("/healthz"));
        Assert.Equal(0, await server.Process.WaitForExitAsync());
        Assert.Equal("", server.Process.Errors);
    }

    [Fact]
    public async Task A_call_in_flight_at_SIGTERM_gets_its_end_and_no_broken_connection()
    {
        await using var server = await SlipwayServer.StartAsync("--drain-delay", "3s");
        using var channel = GrpcChannel.ForAddress(server.GrpcAddress);
        using var watch = new Health.HealthClient(channel).Watch(new HealthCheckRequest());
        var seen = watch.ResponseStream;
        Assert.True(await seen.MoveNext());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, seen.Current.Status);

        await server.Process.SignalAsync("TERM");
        while (await seen.MoveNext())
        {
            Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, seen.Current.Status);
        }

        Assert.Equal(StatusCode.OK, watch.GetStatus().StatusCode);
        Assert.Equal(0, await server.Process.WaitForExitAsync());
    }

    [Fact]
    public async Task Ctrl_C_stops_it_as_well()
    {
        await using var server = await SlipwayServer.StartAsync();
        await server.Process.SignalAsync("INT");

        Assert.Equal(0, await server.Process.WaitForExitAsync());
    }

    /// <remarks>143 is the system's own end, before the program listens to signals.</remarks>
    [Theory]
    [InlineData(100)]
    [InlineData(200)]
    [InlineData(300)]
    [InlineData(400)]
    [InlineData(600)]
    public async Task SIGTERM_at_any_moment_of_the_start_ends_it_quietly(int afterMs)
    {
        using var folder = new TempFolder();
        await using var starting = SlipwayProcess.Start(
            ["serve", "--data", "data", "--urls", "http://127.0.0.1:0", "--grpc-urls", "http://127.0.0.1:0"], folder.FullPath);
        await Task.Delay(afterMs, TestContext.Current.CancellationToken);

        await starting.SignalAsync("TERM");

        Assert.Contains(await starting.WaitForExitAsync(), (int[])[0, 143]);
        Assert.Equal("", starting.Errors);
    }

    [Fact]
    public async Task Json_logs_are_one_object_per_line()
    {
        await using var server = await SlipwayServer.StartAsync("--log-format", "json", "--log-level", "debug");
        await server.Http.GetStringAsync("/healthz");
        await server.StopAsync();

        var records = server.Process.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement)
            .ToList();
        Assert.NotEmpty(records);
        Assert.All(records, record => Assert.NotEqual("", record.GetProperty("message").GetString()));
        Assert.Contains(records, record => record.TryGetProperty("traceId", out _));
    }

    private static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> good)
    {
        using var patience = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            var answer = await ask();
            if (good(answer))
            {
                return answer;
            }

            await Task.Delay(20, patience.Token);
        }
    }
}
