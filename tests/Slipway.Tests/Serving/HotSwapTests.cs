using Slipway.Platform.Serving;

namespace Slipway.Tests.Serving;

public sealed class HotSwapTests() : OnServing(null)
{
    [Fact]
    public async Task Twenty_swaps_under_load_fail_no_request_and_mix_no_versions()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo));
        await Kit.RegisterAsync(TestModels.Inverse);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var answered = 0;
        var callers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var predictions = (await Kit.PredictAsync([0.25, 0.25, 0.25])).Predictions;
                Assert.Single(predictions.Select(p => p.Version).Distinct());
                Assert.All(predictions, p => Assert.Equal(p.Version == "1.0.0" ? 0.25f : 0.75f, p.Probability));
                Interlocked.Add(ref answered, predictions.Count);
                await Task.Yield();
            }
        })).ToArray();

        for (var i = 0; i < 20; i++)
        {
            var before = Volatile.Read(ref answered);
            await Kit.Serving.DeployAsync("live", "echo", i % 2 == 0 ? "1.1.0" : "1.0.0", ServingKit.Carl, "swap", Cancel);
            while (Volatile.Read(ref answered) < before + 100 && !callers.Any(caller => caller.IsCompleted))
            {
                await Task.Delay(1, Cancel);
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(callers);
    }

    [Fact]
    public async Task A_version_is_freed_when_its_last_request_has_left_and_not_before()
    {
        var freed = 0;
        var uses = new UseCount(() => freed++);
        Assert.True(uses.TryEnter());
        uses.Leave(); // the owner lets go
        Assert.Equal(0, freed);
        uses.Leave(); // the request leaves
        Assert.Equal(1, freed);
        Assert.False(uses.TryEnter());

        // The same through a deployment: what was replaced is loaded anew when it comes back.
        var cache = Kit.Get<ModelCache>();
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo));
        var first = await cache.EnterAsync("echo", "1.0.0", Cancel);
        first.Leave();
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Inverse));
        Assert.False(first.TryEnter());
        var again = await cache.EnterAsync("echo", "1.0.0", Cancel);
        Assert.NotSame(first, again);
        again.Leave();
    }
}
