using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Platform.Foundation.Database;

namespace Slipway.SystemTests.Demo;

/// <summary>kill -9, and the same command again on the same data folder.</summary>
public sealed class DemoCrashTests(SmallFlights flights)
{
    /// <summary>Set to the seed of a failure to kill at the same moments.</summary>
    private const string SeedVariable = "KILL_SEED";

    private const int Kills = 5;

    [Fact]
    public async Task A_demo_killed_at_five_random_points_ends_as_one_that_was_not()
    {
        var seed = Environment.GetEnvironmentVariable(SeedVariable) is { } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : (int)(TimeProvider.System.GetTimestamp() & int.MaxValue);
        var unbroken = await flights.UnbrokenAsync();
        using var folder = new TempFolder();
        var story = new List<string>();
        try
        {
            await KillAsync(new Random(seed), unbroken.Duration, folder, story);
            await EndAsWellAsync(unbroken, folder);
            TestContext.Current.TestOutputHelper?.WriteLine($"{SeedVariable}={seed}; {string.Join("; ", story)}");
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Assert.Fail($"{SeedVariable}={seed}; {string.Join("; ", story)}.\n{failure}");
        }
    }

    [Fact]
    public async Task A_demo_started_again_after_its_end_tells_the_same()
    {
        var unbroken = await flights.UnbrokenAsync();

        var again = await DemoProcess.FinishAsync(await flights.SourceAsync(), unbroken.Folder);

        Assert.Equal(Comparable(unbroken.Summary), Comparable(again));
        Assert.Equal(unbroken.Summary["lineage"]!.ToJsonString(), again["lineage"]!.ToJsonString());
    }

    /// <summary>The points lie anywhere in the time that the whole job takes; each run goes on for as long as to the next.</summary>
    private async Task KillAsync(Random random, TimeSpan whole, TempFolder folder, List<string> story)
    {
        var source = await flights.SourceAsync();
        var seen = Acknowledged.Nothing;
        double[] points = [0, .. Enumerable.Range(0, Kills).Select(_ => random.NextDouble()).Order()];
        for (var i = 1; i <= Kills; i++)
        {
            await using var demo = await DemoProcess.StartAsync(source, folder);
            await seen.MustHaveSurvivedAsync(demo.Http);
            var delay = (points[i] - points[i - 1]) * whole;
            var killed = await demo.KillAfterAsync(delay, async () => seen = await Acknowledged.ReadAsync(demo.Http));
            story.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{(killed ? "killed" : "ended")} after {delay.TotalSeconds:0.00} s at {seen.Steps.Count} steps, {seen.Predictions} predictions"));
        }

        await using var last = await DemoProcess.StartAsync(source, folder);
        await seen.MustHaveSurvivedAsync(last.Http);
        await last.FinishAsync(folder);
        Assert.Contains(story, line => line.StartsWith("killed", StringComparison.Ordinal));
    }

    private static async Task EndAsWellAsync(FinishedDemo unbroken, TempFolder folder)
    {
        var summary = JsonNode.Parse(await File.ReadAllTextAsync(folder.Combine("summary.json")))!;
        Assert.Equal(Comparable(unbroken.Summary), Comparable(summary));
        Assert.Equal(await PredictionsAsync(unbroken.Folder), await PredictionsAsync(folder));
    }

    /// <summary>All but seconds and made-up ids. Datasets are named by their content, so they are compared.</summary>
    private static string Comparable(JsonNode summary)
    {
        var copy = summary.DeepClone();
        copy.AsObject().Remove("seconds");
        copy["lineage"]!.AsObject().Remove("alert");
        copy["lineage"]!.AsObject().Remove("pipeline_run");
        copy["lineage"]!.AsObject().Remove("run");
        return copy.ToJsonString();
    }

    /// <summary>Every prediction with what it saw, what it said and what came.</summary>
    private static async Task<List<string>> PredictionsAsync(TempFolder folder)
    {
        await using var db = Db.OpenSqlite(folder.Combine("data", "slipway.db"));
        return await db.QueryAsync(
            """
            select p.id || ' ' || p.model_version || ' ' || p.role || ' ' || p.revision || ' ' || p.score || ' ' || hex(p.features) || ' ' || o.value
            from predictions p join outcomes o on o.prediction_id = p.id order by p.id
            """,
            null,
            row => row.GetString(0),
            TestContext.Current.CancellationToken);
    }
}
