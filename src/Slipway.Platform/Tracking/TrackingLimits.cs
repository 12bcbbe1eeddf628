using System.Buffers;
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
    public const int DatasetContext = 500;
    public const int DatasetSchema = 1_048_575;
    public const int DatasetProfile = 16_777_215;
    public const int InputTagKey = 255;
    public const int InputTagValue = 500;
    public const int InputsPerCall = 1000;
    public const int ExperimentTagValue = 5000;
    public const int Project = 250;
    public const int UserId = 256;
    public const int LoggedModelName = 500;
    public const int LoggedModelType = 500;
    public const int HistoryPage = 25_000;
    public const int RunsPage = 50_000;
    public const int BulkRuns = 100;
    public const int IntervalSteps = 2500;
    public const int ExperimentsPage = 50_000;
    public const int DatasetSummaries = 1000;
    public const int LoggedModelsPage = 1000;

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
        Limit.Text("A run's user", start.UserId, UserId);
        start.Environment?.Check();
    }

    internal static void Check(RunChange change)
    {
        if (change.Name is not null)
        {
            Limit.Name("A run's name", change.Name, RunName);
        }
    }

    internal static void Check(RunLinks links)
    {
        var count = (links.Datasets?.Count ?? 0) + (links.ModelInputs?.Count ?? 0) + (links.ModelOutputs?.Count ?? 0);
        Limit.Range("The number of inputs and outputs in a call", count, 0, InputsPerCall);
        foreach (var input in links.Datasets ?? [])
        {
            Check(input);
        }
    }

    internal static void Check(DatasetInput input)
    {
        Limit.Name("A dataset's name", input.Name, DatasetName);
        Limit.Name("A dataset's digest", input.Digest, DatasetDigest);
        Limit.Name("A dataset's source", input.Source, DatasetSource);
        Limit.Text("A dataset's source type", input.SourceType, Key);
        Limit.Text("A dataset's context", input.Context, DatasetContext);
        Limit.Text("A dataset's schema", input.Schema, DatasetSchema);
        Limit.Text("A dataset's profile", input.Profile, DatasetProfile);
        foreach (var (key, value) in input.Tags ?? new Dictionary<string, string>())
        {
            Limit.Name("A key of a dataset's tag", key, InputTagKey);
            Limit.Text($"The value of the dataset's tag '{key}'", value, InputTagValue);
        }
    }

    internal static void Check(NewExperiment request)
    {
        Limit.Name("An experiment's name", request.Name, ExperimentName);
        if (request.Project is not null)
        {
            Limit.Name("A project's name", request.Project, Project);
        }

        foreach (var (key, value) in request.Tags ?? new Dictionary<string, string>())
        {
            CheckExperimentTag(key, value);
        }
    }

    internal static void Check(NewLoggedModel request)
    {
        Limit.Name("A logged model's name", request.Name, LoggedModelName);
        if (request.Name!.IndexOfAny(['/', ':', '.', '%', '"', '\'']) is var at and >= 0)
        {
            throw SlipwayException.Invalid(
                $"A logged model's name holds none of / : . % \" and '; '{request.Name}' has a '{request.Name[at]}' at {at + 1}.");
        }

        Limit.Text("A logged model's type", request.ModelType, LoggedModelType);
        Limit.Text("A logged model's source run", request.SourceRunId, Key);
        CheckPairs("param", request.Params, ParamValue);
        CheckPairs("tag", request.Tags, TagValue);
    }

    internal static void CheckExperimentTag(string key, string value) => CheckPair("tag", key, value, ExperimentTagValue);

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
            CheckPair(what, key, value, maxValue);
        }
    }

    private static void CheckPair(string what, string key, string? value, int maxValue)
    {
        CheckKey(what, key);
        if (value is null)
        {
            throw SlipwayException.Invalid($"The {what} '{key}' has no value.");
        }

        Limit.Text($"The value of the {what} '{key}'", value, maxValue);
    }

    /// <summary>A key is also a path in a tree of charts, so it must be one that no file system would read otherwise.</summary>
    private static void CheckKey(string what, string? key)
    {
        if (key is { Length: > 0 and <= Key } && key[0] != '.' && !key.AsSpan().ContainsAnyExcept(PlainKey))
        {
            return;
        }

        Limit.Name($"A {what} key", key, Key);
        if (!KeyCharacters().IsMatch(key!) || key!.Split('/').Any(segment => segment is "" or "." or ".."))
        {
            throw SlipwayException.Invalid(
                $"The {what} key '{key}' is not allowed: letters, digits, '_', '-', '.', ':', ' ' and '/' between parts, none of them '.' or '..'.");
        }
    }

    /// <summary>What nearly every key consists of, and nothing else needs to be looked at in one that does.</summary>
    private static readonly SearchValues<char> PlainKey =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.: ");

    [GeneratedRegex(@"\A[/\w.\- :]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex KeyCharacters();
}
