using System.Text.RegularExpressions;
using Slipway.Core.Errors;

namespace Slipway.Platform.Tracking;

/// <summary>The limits of the MLflow protocol, so that what is stored here can be read by its clients.</summary>
public static partial class TrackingLimits
{
    public const int Key = 250;
    public const int RunName = 250;
    public const int ExperimentName = 500;
    public const int ParamValue = 6000;
    public const int TagValue = 8000;
    public const int MetricsPerBatch = 1000;
    public const int ParamsPerBatch = 100;
    public const int TagsPerBatch = 100;
    public const int EntitiesPerBatch = 1000;
    public const int DatasetName = 500;
    public const int DatasetDigest = 36;
    public const int DatasetSource = 65535;
    public const int DatasetContext = 100;
    public const int HistoryPage = 25_000;
    public const int RunsPage = 1000;

    internal static void Check(LogBatch batch)
    {
        var (metrics, values, tags) = (batch.Metrics?.Count ?? 0, batch.Params?.Count ?? 0, batch.Tags?.Count ?? 0);
        Count("metrics", metrics, MetricsPerBatch);
        Count("params", values, ParamsPerBatch);
        Count("tags", tags, TagsPerBatch);
        Count("metrics, params and tags together", metrics + values + tags, EntitiesPerBatch);
        foreach (var metric in batch.Metrics ?? [])
        {
            CheckKey("metric", metric?.Key);
        }

        CheckPairs("param", batch.Params, ParamValue);
        CheckPairs("tag", batch.Tags, TagValue);
    }

    internal static void Check(RunStart start)
    {
        Limit.Text("A run's name", start.Name, RunName);
        Limit.Text("A request key", start.RequestKey, Key);
        start.Environment?.Check();
    }

    internal static void Check(DatasetInput input)
    {
        Limit.Name("A dataset's name", input.Name, DatasetName);
        Limit.Name("A dataset's digest", input.Digest, DatasetDigest);
        Limit.Name("A dataset's source", input.Source, DatasetSource);
        Limit.Text("A dataset's context", input.Context, DatasetContext);
    }

    private static void Count(string what, int count, int max)
    {
        if (count > max)
        {
            throw SlipwayException.Invalid($"A batch holds at most {max} {what}; got {count}.");
        }
    }

    private static void CheckPairs(string what, IReadOnlyDictionary<string, string>? pairs, int maxValue)
    {
        foreach (var (key, value) in pairs ?? new Dictionary<string, string>())
        {
            CheckKey(what, key);
            if (value is null)
            {
                throw SlipwayException.Invalid($"The {what} '{key}' has no value.");
            }

            Limit.Text($"The value of the {what} '{key}'", value, maxValue);
        }
    }

    /// <summary>A key is also a path in a tree of charts, so it must be one that no file system would read otherwise.</summary>
    private static void CheckKey(string what, string? key)
    {
        Limit.Name($"A {what} key", key, Key);
        if (!KeyCharacters().IsMatch(key!) || key!.Split('/').Any(segment => segment is "" or "." or ".."))
        {
            throw SlipwayException.Invalid(
                $"The {what} key '{key}' is not allowed: letters, digits, '_', '-', '.', ':', ' ' and '/' between parts, none of them '.' or '..'.");
        }
    }

    [GeneratedRegex(@"\A[/\w.\- :]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex KeyCharacters();
}
