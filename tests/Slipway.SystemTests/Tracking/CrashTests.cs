using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests.Tracking;

/// <summary>What was answered with 200 stays, whatever happens to the server or its database.</summary>
public sealed class CrashTests
{
    [Fact]
    public async Task Every_acknowledged_batch_survives_kill_9_once_and_replaying_changes_nothing()
    {
        await using var server = await SlipwayServer.StartAsync();
        var load = await BatchLoad.PrepareAsync(server.Http, connections: 8);
        var running = load.RunAsync(server.Http.BaseAddress!, CancellationToken.None);
        await Task.Delay(TimeSpan.FromSeconds(2.5), TestContext.Current.CancellationToken);
        await server.KillAsync();
        await running;
        Assert.True(load.Acknowledged > 100, $"{load.Acknowledged} batches were acknowledged.");

        await server.StartAgainAsync();
        await load.MustBeThereOnceAsync(server.Http);
        await load.ReplayAsync(server.Http);
        await load.MustBeThereOnceAsync(server.Http);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task When_postgresql_is_restarted_under_load_nothing_is_lost_after_its_200(bool crash)
    {
        await using var postgres = new PostgresServer { IsDurable = true };
        await using var server = await SlipwayServer.StartAsync("--database", await postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken));
        var load = await BatchLoad.PrepareAsync(server.Http, connections: 4);
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync(server.Http.BaseAddress!, stop.Token);
        await Task.Delay(TimeSpan.FromSeconds(1.5), TestContext.Current.CancellationToken);
        var before = load.Acknowledged;
        await postgres.RestartAsync(crash);
        while (load.Acknowledged < before + 200)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
            Assert.False(running.IsCompleted, "The load ended by itself.");
        }

        await stop.CancelAsync();
        await running;
        await load.MustBeThereOnceAsync(server.Http);
    }

    [Fact]
    public async Task Two_servers_on_one_postgresql_keep_one_truth()
    {
        await using var postgres = new PostgresServer();
        var database = await postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        await using var one = await SlipwayServer.StartAsync("--database", database);
        await using var two = await SlipwayServer.StartAsync("--database", database);
        var load = await BatchLoad.PrepareAsync(one.Http, connections: 4);
        using var stop = new CancellationTokenSource();

        // Both log the same batches into the same runs, and each settles what the other logs.
        var running = Task.WhenAll(load.RunAsync(one.Http.BaseAddress!, stop.Token), load.RunAsync(two.Http.BaseAddress!, stop.Token));
        for (var i = 0; i < 20; i++)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
            using var answer = await (i % 2 == 0 ? one : two).Http.PostAsync(
                "/api/2.0/mlflow/runs/search",
                new StringContent("""{"experiment_ids": ["0"], "order_by": ["metrics.m DESC"]}""", System.Text.Encoding.UTF8, "application/json"),
                TestContext.Current.CancellationToken);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        await stop.CancelAsync();
        await running;
        await load.MustHoldAsync(one.Http);
        await load.MustHoldAsync(two.Http);
    }
}
