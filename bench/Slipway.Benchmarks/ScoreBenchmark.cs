using System.Diagnostics;
using Slipway.Core.Data;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Pipelines.Trainers;
using Slipway.Platform.Serving.Scoring;

namespace Slipway.Benchmarks;

/// <summary>
/// 4,000,000 rows × 30 features and an id from one Parquet file, scored into Parquet by a logistic regression (limit: 1,000,000 rows/s) and by
/// 100 trees of 31 leaves (limit: 200,000 rows/s), beside what DuckDB takes alone to read the same columns and write the same rows.
/// </summary>
internal static class ScoreBenchmark
{
    private const int Rows = 4_000_000;
    private const int Features = 30;

    private static readonly string[] Names = [.. Enumerable.Range(0, Features).Select(i => $"f{i}")];

    public static async Task<bool> RunAsync(CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("slipway-bench-");
        try
        {
            using var analytics = new AnalyticsEngine(new AnalyticsOptions { Workers = Environment.ProcessorCount, MemoryMegabytes = 1024 });
            var input = Path.Combine(folder.FullName, "rows.parquet");
            var training = await analytics.RunAsync(session => Draw(session, input), cancel);
            var alone = await CopyAsync(analytics, input, Path.Combine(folder.FullName, "copy.parquet"), cancel);
            Console.WriteLine($"score  {Rows:N0} rows read and written by DuckDB alone  {Rows / alone,12:N0} rows/s");
            return await MeasureAsync(TrainerOptions.LogisticRegression, 1_000_000) & await MeasureAsync(TrainerOptions.LightGbm, 200_000);

            async Task<bool> MeasureAsync(string algorithm, double limit)
            {
                var file = Path.Combine(folder.FullName, $"{algorithm}.onnx");
                var trained = new BinaryTrainer().Train(training, Names, "y", new TrainerOptions { Algorithm = algorithm }, cancel);
                await File.WriteAllBytesAsync(file, trained.ToOnnx(), cancel);
                using var model = ScoringModel.Open(file, algorithm, "1.0.0");
                var began = Stopwatch.GetTimestamp();
                var summary = await new BatchScoring(analytics, TimeProvider.System).RunAsync(
                    new ScoringRequest(input, Path.Combine(folder.FullName, algorithm)), model, null, null, cancel);
                var rate = summary.Rows / Stopwatch.GetElapsedTime(began).TotalSeconds;
                Console.WriteLine(
                    $"score  {algorithm,-20} {summary.Rows:N0} rows in {summary.Parts} parts  {rate,12:N0} rows/s   limit ≥ {limit:N0}, "
                    + $"{rate / limit:0.00} of it, {rate * alone / Rows:0.00} of DuckDB alone: {(rate >= limit ? "holds" : "MISSED")}");
                return rate >= limit && summary.Rows == Rows;
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <returns>Seconds.</returns>
    private static async Task<double> CopyAsync(AnalyticsEngine analytics, string input, string output, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        var sum = string.Join(" + ", Names);
        await analytics.RunAsync(
            session =>
            {
                session.WriteParquet($"select id, ({sum})::float as probability, ({sum}) > 0 as label from read_parquet({Sql.Text(input)})", output);
                return 0;
            },
            cancel);
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <returns>100,000 of the rows with a label that depends on the features, to train with.</returns>
    private static Table Draw(AnalyticsSession session, string file)
    {
        session.Execute("select setseed(0.42)");
        var features = string.Join(", ", Names.Select(name => $"(random() * 10 - 5)::float as {name}"));
        session.WriteParquet($"select i as id, {features} from range({Rows}) t(i)", file);
        return session.Query(
            $"select {string.Join(", ", Names)}, f0 + f1 * f2 / 5 + 3 * sin(f3) > random() as y from read_parquet({Sql.Text(file)}) limit 100000");
    }
}
