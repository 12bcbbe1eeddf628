using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry.OpenLineage;

/// <summary>Writes RunEvents of the OpenLineage specification 2-0-2 (openlineage.io/spec/2-0-2/OpenLineage.json).</summary>
internal sealed class OpenLineageEvent(OpenLineageOptions options)
{
    private const string Spec = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/";
    private const string Facets = "https://openlineage.io/spec/facets/";

    private static readonly JsonWriterOptions Writer = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private string Producer => $"urn:slipway:{options.ServerVersion}";

    /// <summary>The same event and the same run give the same bytes.</summary>
    public byte[] Write(RunEvent happened, OpenLineageRun run)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Writer))
        {
            json.WriteStartObject();
            json.WriteString("eventType", TypeOf(happened));
            json.WriteString("eventTime", Time(happened.AtMs));
            WriteRun(json, happened, run);
            WriteJob(json, run);
            WriteInputs(json, run.Detail);
            WriteOutputs(json, run);
            json.WriteString("producer", Producer);
            json.WriteString("schemaURL", Spec + "RunEvent");
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static string TypeOf(RunEvent happened) => (happened.Kind, happened.Status) switch
    {
        (RunEventKind.Started, _) => "START",
        (RunEventKind.Ended, RunStatus.Failed) => "FAIL",
        (RunEventKind.Ended, RunStatus.Killed) => "ABORT",
        (RunEventKind.Ended, _) => "COMPLETE",
        _ => "OTHER",
    };

    private void WriteRun(Utf8JsonWriter json, RunEvent happened, OpenLineageRun run)
    {
        json.WriteStartObject("run");
        json.WriteString("runId", Uuid(run.Detail.Run.Id));
        json.WriteStartObject("facets");
        StartFacet(json, "processing_engine", "1-1-1/ProcessingEngineRunFacet");
        json.WriteString("version", options.ServerVersion);
        json.WriteString("name", "Slipway");
        json.WriteEndObject();
        if (run.Parent is { } parent)
        {
            StartFacet(json, "parent", "1-0-1/ParentRunFacet");
            json.WriteStartObject("run");
            json.WriteString("runId", Uuid(parent.RunId));
            json.WriteEndObject();
            json.WriteStartObject("job");
            WriteName(json, options.Namespace, parent.Job);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        if (TypeOf(happened) is "FAIL")
        {
            StartFacet(json, "errorMessage", "1-0-1/ErrorMessageRunFacet");
            json.WriteString("message", $"Run {run.Detail.Run.Id} ended as failed.");
            json.WriteString("programmingLanguage", Language(run.Detail.Run.Environment?.Runtime));
            json.WriteEndObject();
        }

        MlRunFacet.Write(json, Producer, Spec + "RunFacet", run.Detail);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteJob(Utf8JsonWriter json, OpenLineageRun run)
    {
        json.WriteStartObject("job");
        WriteName(json, options.Namespace, run.Job);
        json.WriteStartObject("facets");
        StartFacet(json, "jobType", "2-0-3/JobTypeJobFacet");
        json.WriteString("processingType", "BATCH");
        json.WriteString("integration", "SLIPWAY");
        json.WriteString("jobType", "EXPERIMENT");
        json.WriteEndObject();
        if (SourceCode.Of(run.Detail) is { } code)
        {
            StartFacet(json, "sourceCodeLocation", "1-0-1/SourceCodeLocationJobFacet");
            json.WriteString("type", "git");
            json.WriteString("url", code.Url);
            json.WriteString("repoUrl", code.Repository);
            Optional(json, "path", code.Path);
            Optional(json, "version", code.Commit);
            Optional(json, "branch", code.Branch);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteInputs(Utf8JsonWriter json, RunDetail run)
    {
        json.WriteStartArray("inputs");
        foreach (var input in run.Inputs)
        {
            var address = DatasetAddress.Of(input, options.Namespace);
            json.WriteStartObject();
            WriteName(json, address.Namespace, address.Name);
            json.WriteStartObject("facets");
            Version(json, input.Digest);
            StartFacet(json, "dataSource", "1-0-1/DatasourceDatasetFacet");
            json.WriteString("name", input.Name);
            Optional(json, "uri", address.Uri?.AbsoluteUri);
            json.WriteEndObject();
            json.WriteEndObject();
            if (input.Rows is { } rows)
            {
                json.WriteStartObject("inputFacets");
                StartFacet(json, "dataQualityMetrics", "1-0-2/DataQualityMetricsInputDatasetFacet");
                json.WriteNumber("rowCount", rows);
                json.WriteStartObject("columnMetrics");
                json.WriteEndObject();
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>A model is a dataset whose version is the model's.</summary>
    private void WriteOutputs(Utf8JsonWriter json, OpenLineageRun run)
    {
        json.WriteStartArray("outputs");
        foreach (var version in run.Versions)
        {
            var slash = version.LastIndexOf('/');
            json.WriteStartObject();
            WriteName(json, options.Namespace, $"models/{version[..slash]}");
            json.WriteStartObject("facets");
            Version(json, version[(slash + 1)..]);
            StartFacet(json, "datasetType", "1-0-0/DatasetTypeDatasetFacet");
            json.WriteString("datasetType", "MODEL");
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void Version(Utf8JsonWriter json, string version)
    {
        StartFacet(json, "version", "1-0-1/DatasetVersionDatasetFacet");
        json.WriteString("datasetVersion", version);
        json.WriteEndObject();
    }

    /// <param name="schema">Such as <c>1-0-1/ParentRunFacet</c>.</param>
    private void StartFacet(Utf8JsonWriter json, string name, string schema)
    {
        json.WriteStartObject(name);
        json.WriteString("_producer", Producer);
        json.WriteString("_schemaURL", $"{Facets}{schema}.json#/$defs/{schema[(schema.IndexOf('/', StringComparison.Ordinal) + 1)..]}");
    }

    private static void WriteName(Utf8JsonWriter json, string space, string name)
    {
        json.WriteString("namespace", space);
        json.WriteString("name", name);
    }

    private static void Optional(Utf8JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            json.WriteString(name, value);
        }
    }

    private static string Language(string? runtime) => runtime switch
    {
        not null when runtime.StartsWith("Python", StringComparison.Ordinal) => "PYTHON",
        not null when runtime.StartsWith(".NET", StringComparison.Ordinal) => "DOTNET",
        _ => "UNKNOWN",
    };

    /// <summary>A run's id is a UUID without hyphens.</summary>
    private static string Uuid(string runId) => Guid.TryParse(runId, out var uuid) ? uuid.ToString("D") : runId;

    private static string Time(long ms) =>
        DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
