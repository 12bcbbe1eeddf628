using System.Globalization;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Blobs;

namespace Slipway.Platform.Serving.Scoring;

/// <summary>
/// What the scores of a folder are of, written before the first of them: a run that finds the same plan goes on with what is left, and
/// one with another plan does not mix its scores with these.
/// </summary>
internal sealed record ScoringPlan(
    IReadOnlyList<PlannedModel> Models, IReadOnlyList<PlannedFile> Files, IReadOnlyList<string>? Keep, int PartRows, double Threshold)
{
    public const string FileName = "_scoring.json";
    public const string DoneName = "_SUCCESS";

    public static ScoringPlan Of(ScoringRequest request, IReadOnlyList<ScoringModel> models, IReadOnlyList<string> files) => new(
        [.. models.Select(model => new PlannedModel(model.Name, model.Version, model.Sha256))],
        [.. files.Select(PlannedFile.Of)],
        request.Keep, request.PartRows, request.Threshold);

    /// <summary>Takes the folder for these scores.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/> when it holds something else.</exception>
    public void Claim(string output, bool overwrite)
    {
        Directory.CreateDirectory(output);
        var (file, text) = (Path.Combine(output, FileName), Json.Write(this));
        if (File.Exists(file) && File.ReadAllText(file) == text)
        {
            return;
        }

        if (File.Exists(file) && overwrite)
        {
            Clear(output);
        }
        else if (File.Exists(file))
        {
            throw SlipwayException.Conflict(
                $"'{output}' holds scores of {Describe(File.ReadAllText(file))}, not of {this}; give another folder, or --overwrite.");
        }
        else if (Directory.EnumerateFileSystemEntries(output).Any(entry => Path.GetFileName(entry) != ScoringLock.FileName))
        {
            throw SlipwayException.Conflict($"'{output}' is not empty, and what it holds are no scores; give another folder.");
        }

        Put(output, FileName, text);
    }

    /// <summary>Writes a file of the folder, whole or not at all.</summary>
    public static void Put(string output, string name, string text)
    {
        var file = Path.Combine(output, name);
        File.WriteAllText(file + ".tmp", text);
        File.Move(file + ".tmp", file, overwrite: true);
        FolderFlush.Flush(output);
    }

    public override string ToString() => FormattableString.Invariant(
        $"{string.Join(" and ", Models.Select(model => $"{model.Name} {model.Version}"))} over {Files.Count} file{(Files.Count == 1 ? "" : "s")} ")
        + FormattableString.Invariant($"({Files.Sum(file => file.Bytes)} bytes, {PartRows} rows a part, threshold {Threshold})");

    private static string Describe(string text)
    {
        try
        {
            return Json.Read<ScoringPlan>(text).ToString();
        }
        catch (System.Text.Json.JsonException)
        {
            return "something else";
        }
    }

    /// <summary>The plan goes last: what is cut short here is still a folder of scores.</summary>
    private static void Clear(string output)
    {
        foreach (var part in Directory.EnumerateFiles(output, "part-*.parquet").Append(Path.Combine(output, DoneName)))
        {
            File.Delete(part);
        }

        var rejected = Path.Combine(output, PartScorer.RejectedFolder);
        if (Directory.Exists(rejected))
        {
            Directory.Delete(rejected, recursive: true);
        }

        File.Delete(Path.Combine(output, FileName));
    }
}

internal sealed record PlannedModel(string Name, string Version, string Sha256);

/// <param name="Changed">When its content last changed, ISO 8601.</param>
internal sealed record PlannedFile(string Path, long Bytes, string Changed)
{
    public static PlannedFile Of(string path)
    {
        var info = new FileInfo(path);
        return new PlannedFile(info.FullName, info.Length, info.LastWriteTimeUtc.ToString("O", CultureInfo.InvariantCulture));
    }
}

/// <summary>Keeps a second run out of a folder for as long as one writes to it.</summary>
internal sealed class ScoringLock : IDisposable
{
    public const string FileName = "_lock";

    private readonly FileStream held;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/></exception>
    public ScoringLock(string output)
    {
        Directory.CreateDirectory(output);
        try
        {
            var file = Path.Combine(output, FileName);
            held = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException taken)
        {
            throw new SlipwayException(ErrorKind.Conflict, $"Another run is writing scores to '{output}'.", taken);
        }
    }

    public void Dispose() => held.Dispose();
}
