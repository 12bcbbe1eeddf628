using System.Globalization;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Blobs;

namespace Slipway.Platform.Serving.Scoring;

/// <summary>
/// Scores files part by part, several at once. A part appears whole or not at all, under a name that its rows give it, so that a run that was
/// cut short goes on where it was and every row is scored once.
/// </summary>
public sealed class BatchScoring(AnalyticsEngine analytics, TimeProvider time)
{
    private const int MinPartRows = 1_000;
    private const int MaxPartRows = 100_000_000;

    /// <param name="model">Makes the scores.</param>
    /// <param name="shadow">Scores the same rows beside it, in columns of its own; a candidate, say.</param>
    /// <exception cref="SlipwayException">NotFound for the input; Invalid when it lacks what a model takes; Conflict when the output folder holds
    /// something else or is being written to.</exception>
    public async Task<ScoringSummary> RunAsync(
        ScoringRequest request, ScoringModel model, ScoringModel? shadow, IProgress<ScoringProgress>? progress, CancellationToken cancel)
    {
        Limit.Range("The rows of a part", request.PartRows, MinPartRows, MaxPartRows);
        var output = Path.GetFullPath(request.Output);
        var found = ScoringFile.Find(request.Input);
        var models = shadow is null ? new[] { model } : [model, shadow];
        using var one = new ScoringLock(output);
        ScoringPlan.Of(request, models, found).Claim(output, request.Overwrite);
        Directory.CreateDirectory(Path.Combine(output, PartScorer.RejectedFolder));
        Array.ForEach(Directory.GetFiles(output, "*.tmp", SearchOption.AllDirectories), File.Delete);
        var staging = Directory.CreateDirectory(Path.Combine(output, "_staging"));
        try
        {
            var files = new List<ScoringFile>();
            foreach (var path in found)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"file-{files.Count:D5}.parquet");
                var (copy, rejected) = (Path.Combine(staging.FullName, name), Path.Combine(output, PartScorer.RejectedFolder, name));
                files.Add(await analytics.RunAsync(session => ScoringFile.Open(session, path, copy, rejected), cancel));
            }

            Check(request, models, files);
            var resumed = await ScoreAsync(request, models, files, output, progress, cancel);
            return await FinishAsync(output, models, ScoringPart.Of(files, request.PartRows), resumed, cancel);
        }
        finally
        {
            staging.Delete(recursive: true);
        }
    }

    /// <summary>All that is wrong with a file is said before the first part is scored.</summary>
    private static void Check(ScoringRequest request, IReadOnlyList<ScoringModel> models, List<ScoringFile> files)
    {
        string[] scores = [.. models.SelectMany((_, i) => new[] { PartScorer.Probability(i), PartScorer.Label(i) })];
        foreach (var file in files)
        {
            _ = models.Select(model => new RowChecks(model, file)).ToArray();
            if (request.Keep?.FirstOrDefault(name => !file.Columns.ContainsKey(name)) is { } missing)
            {
                throw SlipwayException.Invalid($"'{file.Name}' has no column '{missing}' to keep; it has {string.Join(", ", file.Columns.Keys)}.");
            }

            if (request.Kept(models, file).Intersect(scores).FirstOrDefault() is { } taken)
            {
                throw SlipwayException.Invalid(
                    $"Column '{taken}' of '{file.Name}' has the name of a score; say which columns to keep with --keep, without it.");
            }
        }
    }

    /// <returns>How many parts were there already.</returns>
    private async Task<int> ScoreAsync(
        ScoringRequest request, IReadOnlyList<ScoringModel> models, List<ScoringFile> files, string output,
        IProgress<ScoringProgress>? progress, CancellationToken cancel)
    {
        var parts = ScoringPart.Of(files, request.PartRows);
        var left = parts.Where(part => !File.Exists(Path.Combine(output, part.FileName))).ToArray();
        var (resumed, began, allRows) = (parts.Count - left.Length, time.GetTimestamp(), parts.Sum(part => part.Rows));
        var before = allRows - left.Sum(part => part.Rows);
        var (done, rows, scorer, gate) = (0, 0L, new PartScorer(request, models, output), new Lock());
        progress?.Report(new ScoringProgress(resumed, parts.Count, before, allRows, null));
        await Parallel.ForEachAsync(
            left,
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancel },
            async (part, stop) =>
            {
                await analytics.RunAsync(
                    session =>
                    {
                        scorer.Score(session, files[part.File], part, stop);
                        return 0;
                    },
                    stop);
                FolderFlush.Flush(output);
                lock (gate)
                {
                    (done, rows) = (done + 1, rows + part.Rows);
                    var rest = time.GetElapsedTime(began) * ((double)(allRows - before - rows) / rows);
                    progress?.Report(new ScoringProgress(resumed + done, parts.Count, before + rows, allRows, rest));
                }
            });
        return resumed;
    }

    private async Task<ScoringSummary> FinishAsync(
        string output, ScoringModel[] models, IReadOnlyList<ScoringPart> parts, int resumed, CancellationToken cancel)
    {
        var summary = await analytics.RunAsync(session => ScoringTotals.Of(session, output, models, parts, resumed), cancel);
        ScoringPlan.Put(output, ScoringPlan.DoneName, Json.Write(summary));
        return summary;
    }
}
