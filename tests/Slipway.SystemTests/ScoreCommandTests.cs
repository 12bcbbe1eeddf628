using System.Globalization;
using Slipway.Platform.Foundation.Analytics;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests;

/// <summary><c>slipway score</c>, typed.</summary>
public sealed class ScoreCommandTests
{
    private static readonly Lazy<byte[]> Onnx = new(() => SmallModel.Train().ToOnnx());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <remarks>The oracle is ML.NET, which scored the rows before the model became a file.</remarks>
    [Fact]
    public async Task A_version_of_the_registry_scores_a_file_where_it_is()
    {
        await using var server = await SlipwayServer.StartAsync();
        await File.WriteAllBytesAsync(server.Folder.Combine("m.onnx"), Onnx.Value, Cancel);
        var rows = SmallModel.Rows;
        var lines = Enumerable.Range(0, rows.Rows).Select(i => string.Create(CultureInfo.InvariantCulture, $"r{i},{rows["height"].Doubles[i]},{rows["width"].Doubles[i]}"));
        server.Folder.WriteText("rows.csv", "id,height,width\n" + string.Join('\n', lines));
        Assert.Equal(0, (await server.RunAsync("models", "import", "delay", "m.onnx", "--version", "1.2.0")).ExitCode);
        Assert.Equal(0, (await server.RunAsync("models", "alias", "delay", "champion", "1.2.0")).ExitCode);

        var printed = await server.RunAsync("score", "--model", "delay@champion", "--shadow", "m.onnx", "--input", "rows.csv", "--output", "scores");

        Assert.Equal(0, printed.ExitCode);
        Assert.StartsWith("8 rows scored by delay 1.2.0 in 1 parts: ", printed.Output, StringComparison.Ordinal);
        Assert.Contains("m file differs by 0 in the mean and 0 at most; 0.00 % of the labels change", printed.Output, StringComparison.Ordinal);
        Assert.Contains("1 of 1 parts, 8 of 8 rows", printed.Errors, StringComparison.Ordinal);
        using var analytics = new AnalyticsEngine(new AnalyticsOptions());
        var scores = await analytics.ReadParquetAsync(server.Folder.Combine("scores", "part-00000.parquet"), Cancel);
        Assert.Equal(SmallModel.Train().Score(rows), scores["probability"].Doubles, (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal("r7", scores["id"].Strings[7]);

        var refused = await server.RunAsync("score", "--model", "delay@nobody", "--input", "rows.csv", "--output", "other");
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("nobody", Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_is_killed_goes_on_and_scores_every_row_once()
    {
        using var folder = new TempFolder();
        await File.WriteAllBytesAsync(folder.Combine("m.onnx"), Onnx.Value, Cancel);
        using var analytics = new AnalyticsEngine(new AnalyticsOptions());
        await analytics.RunAsync(
            session =>
            {
                session.WriteParquet("select i as id, i % 11 as height, i % 7 as width from range(600000) t(i)", folder.Combine("rows.parquet"));
                return 0;
            },
            Cancel);
        string[] command = ["score", "--model", "m.onnx", "--input", "rows.parquet", "--output", "scores", "--part-rows", "1000", "--json"];

        await using (var killed = SlipwayProcess.Start(command, folder.FullPath))
        {
            while (Parts(folder).Length < 20)
            {
                await Task.Delay(5, Cancel);
            }

            await killed.SignalAsync("KILL");
            await killed.WaitForExitAsync();
        }

        var before = Parts(folder).Length;
        Assert.InRange(before, 20, 599);
        var again = await SlipwayProcess.RunAsync(command, folder.FullPath);

        Assert.Equal((0, ""), (again.ExitCode, again.Errors));
        Assert.Contains($"\"resumed\":{before},", again.Output, StringComparison.Ordinal);
        var counted = await analytics.QueryAsync(
            $"select count(*) as rows, count(distinct id) as ids, count(probability) as scored from read_parquet({Sql.Text(folder.Combine("scores", "part-*.parquet"))})", Cancel);
        Assert.Equal((600000L, 600000L, 600000L), (counted["rows"].Longs[0], counted["ids"].Longs[0], counted["scored"].Longs[0]));
        Assert.False(Directory.Exists(folder.Combine("scores", "_staging")));
        Assert.Empty(Directory.GetFiles(folder.Combine("scores"), "*.tmp"));
    }

    private static string[] Parts(TempFolder folder) =>
        Directory.Exists(folder.Combine("scores")) ? Directory.GetFiles(folder.Combine("scores"), "part-*.parquet") : [];
}
