using System.CommandLine;
using System.Globalization;
using Slipway.Client;
using Slipway.Commands.Client;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Serving.Scoring;

namespace Slipway.Commands;

/// <summary><c>slipway score</c>: scores files where they are, with a model of a server or of a file.</summary>
internal static class ScoreCommand
{
    private const string Champion = "champion";

    private static readonly Option<string> Model = new("--model") { HelpName = "MODEL", Description = "NAME@ALIAS, NAME@VERSION or an .onnx file", Required = true };
    private static readonly Option<string?> Shadow = new("--shadow") { HelpName = "MODEL", Description = "Scores the same rows beside it, to compare" };
    private static readonly Option<string> Input = new("--input") { HelpName = "PATH", Description = "A .parquet, .csv or .jsonl file, or a folder of them", Required = true };
    private static readonly Option<string> Target = new("--output") { HelpName = "DIR", Description = "Gets the scores in Parquet; a run that was cut short goes on", Required = true };
    private static readonly Option<string?> Keep = new("--keep") { HelpName = "COLUMN,…", Description = "Columns that go with the scores. Default: those that the model does not take" };
    private static readonly Option<int> PartRows = new("--part-rows") { HelpName = "N", Description = "Rows of a part at most", DefaultValueFactory = _ => ScoringRequest.DefaultPartRows };
    private static readonly Option<double> Threshold = new("--threshold") { HelpName = "P", Description = "The label is true from this probability on", DefaultValueFactory = _ => 0.5 };
    private static readonly Option<bool> Overwrite = new("--overwrite") { Description = "Delete what the folder holds of other scores" };

    public static Command Create() => ClientFlags.Bind(
        new Command("score", "Score the rows of files.") { Model, Shadow, Input, Target, Keep, PartRows, Threshold, Overwrite }, RunAsync);

    private static async Task<int> RunAsync(ParseResult parse, SlipwayClient client, Output output, CancellationToken cancel)
    {
        var threshold = parse.GetValue(Threshold);
        var request = new ScoringRequest(parse.GetRequiredValue(Input), parse.GetRequiredValue(Target))
        {
            Keep = parse.GetValue(Keep)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
            PartRows = parse.GetValue(PartRows),
            Threshold = threshold is >= 0 and <= 1 ? threshold : throw SlipwayException.Invalid($"--threshold is 0 to 1; got {threshold}"),
            Overwrite = parse.GetValue(Overwrite),
        };
        using var model = await OpenAsync(client, parse.GetRequiredValue(Model), cancel);
        using var shadow = parse.GetValue(Shadow) is { } name ? await OpenAsync(client, name, cancel) : null;
        using var analytics = new AnalyticsEngine(new AnalyticsOptions { Workers = Math.Min(Environment.ProcessorCount, 64), MemoryMegabytes = 1024 });
        var summary = await new BatchScoring(analytics, TimeProvider.System).RunAsync(
            request, model, shadow, output.IsJson ? null : new Progress<ScoringProgress>(Say), cancel);
        output.Write(summary, Print);
        return ExitCode.Ok;
    }

    /// <summary>A model of a server is checked there and comes as its file; who may read it may score with it.</summary>
    private static async Task<ScoringModel> OpenAsync(SlipwayClient client, string model, CancellationToken cancel)
    {
        if (model.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            return ScoringModel.Open(model, Path.GetFileNameWithoutExtension(model), "file");
        }

        var (name, reference) = model.Split('@', 2) is [var before, var after] ? (before, after) : (model, Champion);
        var version = await client.Models.GetVersionAsync(name, reference, cancel);
        var file = Path.Combine(Path.GetTempPath(), $"slipway-{Guid.CreateVersion7():N}.onnx");
        try
        {
            await client.Models.DownloadAsync(name, version.Version, file, cancel: cancel);
            return ScoringModel.Open(file, name, version.Version, version.Signature);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void Say(ScoringProgress progress) => Console.Error.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{progress.Parts} of {progress.AllParts} parts, {progress.Rows:N0} of {progress.AllRows:N0} rows{(progress.Left is { } left ? $", {left.TotalSeconds:0} s left" : "")}"));

    private static void Print(ScoringSummary summary, TextWriter writer)
    {
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{summary.Rows} rows scored by {summary.Model} {summary.Version} in {summary.Parts} parts{(summary.Resumed > 0 ? $", {summary.Resumed} of them before" : "")}: {summary.Output}"));
        if (summary.Rejected > 0)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{summary.Rejected} rows could not be scored; why is in {Path.Combine(summary.Output, "_rejected")}"));
        }

        if (summary.Shadow is { } shadow)
        {
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{shadow.Model} {shadow.Version} differs by {shadow.MeanDifference:0.######} in the mean and {shadow.MaxDifference:0.######} at most; {shadow.LabelsChanged:P2} of the labels change"));
        }
    }
}
