using Slipway.Platform.Foundation;

namespace Slipway.Tests.Foundation;

public sealed class ReadinessTests
{
    [Fact]
    public async Task It_is_ready_when_the_last_part_is_done()
    {
        var readiness = new Readiness();
        readiness.Wait("database", "applying migrations");
        readiness.Wait("models", "loading 2 models");
        var ready = readiness.WhenReadyAsync(TestContext.Current.CancellationToken);

        readiness.Done("models");
        Assert.False(readiness.IsReady);
        Assert.False(ready.IsCompleted);
        Assert.Equal(new Dictionary<string, string> { ["database"] = "applying migrations" }, readiness.Reasons);

        readiness.Done("database");
        Assert.True(readiness.IsReady);
        await ready;
    }

    [Fact]
    public void It_can_become_unready_again()
    {
        var readiness = new Readiness();
        readiness.Wait("server", "starting");
        readiness.Done("server");
        readiness.Wait("server", "stopping");

        Assert.Equal("stopping", readiness.Reasons["server"]);
    }

    [Fact]
    public async Task Parts_that_report_at_once_lose_nothing()
    {
        var readiness = new Readiness();
        string[] parts = [.. Enumerable.Range(0, 100).Select(part => $"part {part}")];

        await Parallel.ForEachAsync(parts, TestContext.Current.CancellationToken, (part, _) =>
        {
            readiness.Wait(part, "starting");
            return ValueTask.CompletedTask;
        });
        Assert.Equal(100, readiness.Reasons.Count);

        Parallel.ForEach(parts, readiness.Done);
        Assert.True(readiness.IsReady);
    }
}
