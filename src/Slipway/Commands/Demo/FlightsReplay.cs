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

    /// <summary>
    /// Judges the canary, then closes the windows that have ended. What either sets going is awaited first, so that the same
    /// replay meets the same models and references, whenever it was cut off.
    /// </summary>
    private async Task EndDayAsync(long tick, long fromUs, CancellationToken cancel)
    {
        if (tick == fromUs)
        {
            return;
        }

        await JudgeCanaryAsync(tick, cancel);
        await FollowTriggersAsync(cancel);
        var result = await api.PostAsync(
            $"endpoints/{Endpoint}/monitor/advance", new { watermark = Microseconds.ToDateTimeOffset(tick) }, cancel);
        foreach (var trigger in (JsonArray)result["triggered"]!)
        {
            progress.Detail($"{FlightsWorld.Time(tick)[..10]}  {trigger!["cause"]}: {trigger["reason"]}");
        }

        await FollowTriggersAsync(cancel);
    }

    private async Task JudgeCanaryAsync(long tick, CancellationToken cancel)
    {
        if (await CanaryRunsAsync(cancel))
        {
            var judged = await api.PostAsync($"endpoints/{Endpoint}/canary/evaluate", new { }, cancel);
            if (judged["state"]?.GetValue<string>() is "promoted" or "rolled_back")
            {
                progress.Detail($"{FlightsWorld.Time(tick)[..10]}  {judged["reason"]}");
            }
        }
    }

    private async Task<bool> CanaryRunsAsync(CancellationToken cancel) =>
        (await api.FindAsync($"endpoints/{Endpoint}/canary", cancel))?["state"]?.GetValue<string>() == "running";

    /// <summary>Event time stands still until every pipeline that the monitor has asked for has ended, or waits for live traffic.</summary>
    private async Task FollowTriggersAsync(CancellationToken cancel)
    {
        foreach (var trigger in (JsonArray)(await api.GetAsync($"endpoints/{Endpoint}/monitor/triggers", cancel))["items"]!)
        {
            var run = await pipelines.FindAsync(trigger!["pipeline"]!.GetValue<string>(), trigger["cause"]!.GetValue<string>(), cancel);

            // Between a canary's end and the run that hears of it, the run still waits.
            while ((await pipelines.FollowAsync(run, cancel))["state"]!.GetValue<string>() == "waiting" && !await CanaryRunsAsync(cancel))
            {
                await Task.Delay(PipelineWatch.Poll, cancel);
            }
        }
    }
}
