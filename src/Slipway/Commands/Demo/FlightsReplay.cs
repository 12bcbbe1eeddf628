using System.Text.Json.Nodes;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Pipelines;

namespace Slipway.Commands.Demo;

/// <summary>
/// Plays May and June to the server in event time. Every call may be repeated with the same effect, so a replay that was cut
/// off goes on from the last watermark that the server has.
/// </summary>
internal sealed class FlightsReplay(
    DemoApi api, FlightsWorld world, DatasetSnapshot dataset, PipelineWatch pipelines, DemoProgress progress)
{
    public const string Endpoint = "flight-delay";
    /// <summary>Named as the source in features.yaml.</summary>
    public const string Topic = "flights";

    /// <param name="fromUs">Where history ends and the replay begins.</param>
    public async Task<int> RunAsync(long fromUs, CancellationToken cancel)
    {
        var watermark = (await api.GetAsync($"topics/{Topic}", cancel))["watermark"]?.GetValue<DateTimeOffset>();
        var tick = watermark is { } known ? Math.Max(fromUs, Microseconds.From(known)) : fromUs;
        if (tick > fromUs)
        {
            progress.Detail($"going on from {FlightsWorld.Time(tick)}");
        }

        var ticks = 0;
        for (; tick <= world.LastTickUs; tick += FlightsWorld.TickUs, ticks++)
        {
            await LandAsync(tick, fromUs, cancel);
            if (tick % FlightsWorld.DayUs == 0)
            {
                await RefreshAsync(tick, cancel);
                await EndDayAsync(tick, fromUs, cancel);
            }

            await LeaveAsync(tick, cancel);
        }

        // Two more days, so that the last windows close and their outcomes are waited for.
        await EndDayAsync(tick + (2 * FlightsWorld.DayUs), fromUs, cancel);
        return ticks;
    }

    /// <summary>Tells the outcome of what landed since the tick before, to the features and to the prediction log.</summary>
    private async Task LandAsync(long tick, long fromUs, CancellationToken cancel)
    {
        var rows = world.Landed(tick - FlightsWorld.TickUs, tick).ToArray();
        var events = api.PostBytesAsync($"topics/{Topic}/events", world.Events(rows, tick), cancel);
        var feedback = world.Outcomes(rows, fromUs) is { } outcomes ? api.PostBytesAsync("feedback", outcomes, cancel) : Task.CompletedTask;
        await Task.WhenAll(events, feedback);
    }

    private async Task LeaveAsync(long tick, CancellationToken cancel)
    {
        var (first, end) = world.Leaving(tick, tick + FlightsWorld.TickUs);
        if (first < end)
        {
            await api.PostBytesAsync($"endpoints/{Endpoint}/predict", world.Questions(first, end), cancel);
        }
    }

    /// <summary>What a schedule would do each midnight: the batch view is computed anew.</summary>
    private async Task RefreshAsync(long tick, CancellationToken cancel)
    {
        var day = FlightsWorld.Time(tick);
        var run = await api.PostAsync(
            "pipelines/flights-refresh/runs",
            new { cause = $"midnight:{day}", parameters = new { as_of = day, flights = StepInputs.Write(dataset) } },
            cancel);
        await pipelines.FollowAsync(run["id"]!.GetValue<string>(), cancel, silently: true);
    }

    private async Task EndDayAsync(long tick, long fromUs, CancellationToken cancel)
    {
        if (tick == fromUs)
        {
            return;
        }

        if (await api.FindAsync($"endpoints/{Endpoint}/canary", cancel) is { } canary && canary["state"]!.GetValue<string>() == "running")
        {
            var judged = await api.PostAsync($"endpoints/{Endpoint}/canary/evaluate", new { }, cancel);
            if (judged["state"]?.GetValue<string>() is "promoted" or "rolled_back")
            {
                progress.Detail($"{FlightsWorld.Time(tick)[..10]}  {judged["reason"]}");
            }
        }

        await AdvanceAsync(tick, cancel);
    }

    /// <summary>Closes the windows that have ended; event time stands still while a pipeline that this triggers runs.</summary>
    private async Task AdvanceAsync(long watermarkUs, CancellationToken cancel)
    {
        var result = await api.PostAsync(
            $"endpoints/{Endpoint}/monitor/advance", new { watermark = Microseconds.ToDateTimeOffset(watermarkUs) }, cancel);
        foreach (var trigger in (JsonArray)result["triggered"]!)
        {
            var (pipeline, cause) = (trigger!["pipeline"]!.GetValue<string>(), trigger["cause"]!.GetValue<string>());
            progress.Detail($"{FlightsWorld.Time(watermarkUs)[..10]}  {cause}: {trigger["reason"]}");
            await pipelines.FollowAsync(await pipelines.FindAsync(pipeline, cause, cancel), cancel);
        }

        await FinishRunsAsync(cancel);
    }

    /// <summary>A retraining that was cut off by a crash, or whose canary has just ended, is followed to its rest.</summary>
    private async Task FinishRunsAsync(CancellationToken cancel)
    {
        foreach (var run in (JsonArray)await api.GetAsync("pipeline-runs?pipeline=flights-retrain", cancel))
        {
            if (run!["state"]!.GetValue<string>() is "running" or "waiting")
            {
                await pipelines.FollowAsync(run["id"]!.GetValue<string>(), cancel);
            }
        }
    }
}
