using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Serving;
using Slipway.Platform.Serving.Predictions;

namespace Slipway.Tests.Serving;

public abstract class PredictionLogContract(PostgresServer? postgres) : OnServing(postgres)
{
    protected override async Task PrepareAsync()
    {
        await base.PrepareAsync();
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo));
    }

    private async Task<PredictionWindow> WindowAsync(long fromUs = 0, long toUs = long.MaxValue, string endpoint = "live")
    {
        await Kit.Log.FlushAsync(Cancel);
        return await Kit.Reader.WindowAsync(endpoint, fromUs, toUs, Cancel);
    }

    [Fact]
    public async Task A_prediction_is_kept_with_all_that_went_into_it()
    {
        await Kit.DeployAsync(
            await Kit.RegisterAsync(TestModels.Logistic([1, 2], 0), "two", [new("a", DataType.Float32), new("b", DataType.Float32)]), "two");
        await Kit.Serving.PredictAsync(
            "two",
            new PredictRequest(new Table([Column.Float64("b", [0.5, 0.1]), Column.Float64("a", [-0.25, 0])]))
            {
                Ids = ["p1", "p2"],
                EventTimesUs = [2_000_000, 1_000_000],
            },
            Cancel);
        await Kit.Feedback.RecordAsync([new Outcome("p1", 1)], replace: false, Cancel);

        var window = await WindowAsync(endpoint: "two");

        Assert.Equal(["p2", "p1"], window.Ids);
        Assert.Equal([1_000_000, 2_000_000], window.EventTimesUs.ToArray());
        Assert.Equal([0.1f, -0.25f], [window.Features(0)[1], window.Features(1)[0]]);
        Assert.Equal([0.1f, 0.5f], window.Feature("1.0.0", 1).Select(v => (float)v));
        Assert.Equal([VariantRole.Champion, VariantRole.Champion], window.Roles);
        Assert.Equal(1 / (1 + Math.Exp(-0.75)), window.Scores[1], 1e-6);
        Assert.Equal([true, true], window.Labels.ToArray());
        Assert.Equal((double.NaN, 1.0), (window.Outcomes[0], window.Outcomes[1]));
    }

    [Fact]
    public async Task A_window_takes_its_start_and_not_its_end()
    {
        await Kit.PredictAsync([0.1, 0.2, 0.3], r => r with { Ids = ["a", "b", "c"], EventTimesUs = [10, 20, 30] });
        Assert.Equal(["a", "b"], (await WindowAsync(10, 30)).Ids);
        Assert.Empty((await WindowAsync(31, 31)).Ids);
    }

    [Fact]
    public async Task The_same_id_again_changes_nothing()
    {
        await Kit.PredictAsync([0.1, 0.9], r => r with { Ids = ["a", "a"] });
        await Kit.PredictAsync([0.7], r => r with { Ids = ["a"] });

        Assert.Equal([0.1f], (await WindowAsync()).Scores.ToArray().Select(s => (float)s));
        Assert.Equal(1, await Db.FirstAsync("select predictions from traffic_counts", null, row => row.GetInt64(0), Cancel));
    }

    [Fact]
    public async Task Features_come_back_to_the_last_bit_and_missing_ones_missing()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Forgiving));
        float[] sent = [float.NaN, -0.0f, float.Epsilon, 0.1f];
        await Kit.Serving.PredictAsync("live", new PredictRequest(sent, 4) { EventTimesUs = [1, 2, 3, 4] }, Cancel);

        var window = await WindowAsync();

        var kept = Enumerable.Range(0, 4).Select(row => BitConverter.SingleToInt32Bits(window.Features(row)[0]));
        Assert.Equal(sent.Select(BitConverter.SingleToInt32Bits), kept);
    }

    [Fact]
    public async Task A_durable_prediction_is_there_for_another_process_as_soon_as_it_is_answered()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo), options: new EndpointOptions { Log = LogMode.Durable });
        await using var other = OpenAgain();

        // Sixty-four callers at once share commits; not one answer may run ahead of its row.
        await Parallel.ForAsync(0, 64, Cancel, async (i, cancel) =>
        {
            await Kit.PredictAsync([0.5], r => r with { Ids = [$"p{i}"] });
            Assert.Equal(1, await other.FirstAsync(
                "select count(*) from predictions where id = @id", c => c.With("id", $"p{i}"), row => row.GetInt64(0), cancel));
        });
    }

    [Fact]
    public async Task Stopping_writes_what_was_accepted()
    {
        await Kit.PredictAsync([.. Enumerable.Repeat(0.5, 3000)]);
        await Kit.PredictAsync([.. Enumerable.Repeat(0.5, 3000)]);
        await Kit.Log.StopAsync(Cancel);

        Assert.Equal(6000, (await Kit.Reader.CountsAsync("live", Cancel)).Predictions);
        Assert.Equal(0, Kit.Log.Dropped);
    }

    [Fact]
    public async Task A_full_log_drops_and_counts_and_answers_all_the_same()
    {
        var counted = 0L;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == ServingMetrics.MeterName && instrument.Name == "slipway.serving.log.dropped")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            if (tags[0].Value is "narrow")
            {
                Interlocked.Add(ref counted, value);
            }
        });
        listener.Start();
        await using var narrow = await StartAsync(
            services => services.AddSingleton(new PredictionLogOptions { CapacityRows = 1000, BatchRows = 1 }));
        await narrow.DeployAsync(await narrow.RegisterAsync(TestModels.Echo), "narrow");

        // Somebody else holds the database, so nothing leaves the log while the requests come in.
        var release = new TaskCompletionSource();
        var held = new TaskCompletionSource();
        var holding = Db.WriteAsync(
            async session =>
            {
                await session.ExecuteAsync("update predictions set label = label", null, Cancel);
                await HoldTableAsync(session);
                held.SetResult();
                await release.Task;
            },
            Cancel);
        await held.Task;
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(400, (await narrow.PredictAsync(new double[400], endpoint: "narrow")).Predictions.Count);
        }

        release.SetResult();
        await holding;
        await narrow.Log.FlushAsync(Cancel);
        var kept = (await narrow.Reader.CountsAsync("narrow", Cancel)).Predictions;

        Assert.Equal(2000, kept + narrow.Log.Dropped);
        Assert.Equal(1200, narrow.Log.Dropped);
        Assert.Equal(1200, counted);
    }

    [Fact]
    public async Task Retention_deletes_what_is_older_and_nothing_else()
    {
        await Kit.PredictAsync([0.1], r => r with { Ids = ["old"], EventTimesUs = [long.MaxValue] });
        await Kit.Log.FlushAsync(Cancel);
        await Kit.Feedback.RecordAsync([new Outcome("old", 1)], replace: false, Cancel);
        Time.Advance(TimeSpan.FromMinutes(2));
        await Kit.PredictAsync([0.1], r => r with { Ids = ["new"], EventTimesUs = [0] });
        await Kit.Log.FlushAsync(Cancel);

        Assert.Equal(2, await Kit.Get<Retention>().DeleteAsync(Time.GetUtcNow().AddMinutes(-1), Cancel));
        Assert.Equal(["new"], (await WindowAsync()).Ids);
    }

    /// <summary>Keeps every other writer of the log waiting: on SQLite any write does.</summary>
    private static Task HoldTableAsync(DbSession session) => session.Engine == DbEngine.Postgres
        ? session.ExecuteAsync("lock table predictions in exclusive mode", null, Cancel)
        : Task.CompletedTask;
}

public sealed class PredictionLogOnSqlite() : PredictionLogContract(null);

public sealed class PredictionLogOnPostgres(PostgresServer postgres) : PredictionLogContract(postgres);
