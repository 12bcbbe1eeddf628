using System.Text.Json;
using Slipway.Platform.Tracking;

namespace Slipway.Protocols.Mlflow;

/// <summary>Runs and metrics in the messages of the protocol. Names are UTF-8 constants and nothing is built in between.</summary>
internal static class RunJson
{
    public static MlflowEnum<RunStatus> Statuses { get; } = new(
        ("RUNNING", 1, RunStatus.Running), ("SCHEDULED", 2, RunStatus.Scheduled), ("FINISHED", 3, RunStatus.Finished),
        ("FAILED", 4, RunStatus.Failed), ("KILLED", 5, RunStatus.Killed));

    /// <summary>A run with all that hangs on it, as an object.</summary>
    public static void Write(Utf8JsonWriter json, RunDetail run) => Write(json, run, true);

    /// <summary>The same of a run that has just been started, which says nothing of outputs.</summary>
    public static void WriteStarted(Utf8JsonWriter json, RunDetail run) => Write(json, run, false);

    private static void Write(Utf8JsonWriter json, RunDetail run, bool outputs)
    {
        json.WriteStartObject();
        json.WritePropertyName("info"u8);
        WriteInfo(json, run.Run);
        json.WriteStartObject("data"u8);
        WriteMetrics(json, run.Metrics.Values);
        MlflowPairs.Write(json, "params", run.Params);
        MlflowPairs.Write(json, "tags", run.Tags);
        json.WriteEndObject();
        WriteInputs(json, run);
        if (outputs)
        {
            WriteOutputs(json, run.ModelOutputs);
        }

        json.WriteEndObject();
    }

    public static void WriteInfo(Utf8JsonWriter json, Run run)
    {
        json.WriteStartObject();
        json.WriteString("run_uuid"u8, run.Id);
        json.WriteString("experiment_id"u8, MlflowIds.Text(run.ExperimentId));
        json.WriteString("run_name"u8, run.Name);
        json.WriteString("user_id"u8, run.UserId);
        json.WriteString("status"u8, Statuses.Name(run.Status));
        json.WriteNumber("start_time"u8, run.StartMs);
        if (run.EndMs is { } end)
        {
            json.WriteNumber("end_time"u8, end);
        }

        json.WriteString("artifact_uri"u8, run.ArtifactUri);
        json.WriteString("lifecycle_stage"u8, run.Lifecycle == Lifecycle.Active ? "active"u8 : "deleted"u8);
        json.WriteString("run_id"u8, run.Id);
        json.WriteEndObject();
    }

    public static void WriteMetrics(Utf8JsonWriter json, IEnumerable<MetricPoint> points)
    {
        var any = false;
        foreach (var point in points)
        {
            if (!any)
            {
                json.WriteStartArray("metrics"u8);
                any = true;
            }

            WriteMetric(json, point, null);
        }

        if (any)
        {
            json.WriteEndArray();
        }
    }

    /// <param name="runId">Where the message names the run of each point.</param>
    public static void WriteMetric(Utf8JsonWriter json, MetricPoint point, string? runId)
    {
        json.WriteStartObject();
        json.WriteString("key"u8, point.Key);
        WriteNumber(json, "value"u8, point.Value);
        json.WriteNumber("timestamp"u8, point.TimestampMs);
        json.WriteNumber("step"u8, point.Step);
        WriteIfSet(json, "dataset_name"u8, point.DatasetName);
        WriteIfSet(json, "dataset_digest"u8, point.DatasetDigest);
        WriteIfSet(json, "model_id"u8, point.ModelId);
        WriteIfSet(json, "run_id"u8, runId);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, ReadOnlySpan<byte> name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteString(name, double.IsNaN(value) ? "NaN"u8 : value > 0 ? "Infinity"u8 : "-Infinity"u8);
        }
    }

    private static void WriteInputs(Utf8JsonWriter json, RunDetail run)
    {
        json.WriteStartObject("inputs"u8);
        if (run.Inputs.Count > 0)
        {
            json.WriteStartArray("dataset_inputs"u8);
            foreach (var input in run.Inputs)
            {
                WriteDataset(json, input);
            }

            json.WriteEndArray();
        }

        if (run.ModelInputs.Count > 0)
        {
            json.WriteStartArray("model_inputs"u8);
            foreach (var model in run.ModelInputs)
            {
                json.WriteStartObject();
                json.WriteString("model_id"u8, model);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteDataset(Utf8JsonWriter json, DatasetInput input)
    {
        var tags = new Dictionary<string, string>(input.Tags ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        if (input.Context.Length > 0)
        {
            tags[RunTags.DatasetContext] = input.Context;
        }

        json.WriteStartObject();
        MlflowPairs.Write(json, "tags", tags);
        json.WriteStartObject("dataset"u8);
        json.WriteString("name"u8, input.Name);
        json.WriteString("digest"u8, input.Digest);
        WriteIfSet(json, "source_type"u8, input.SourceType);
        json.WriteString("source"u8, input.Source);
        WriteIfSet(json, "schema"u8, input.Schema);
        WriteIfSet(json, "profile"u8, input.Profile);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteOutputs(Utf8JsonWriter json, IReadOnlyList<ModelOutput> outputs)
    {
        json.WriteStartObject("outputs"u8);
        if (outputs.Count > 0)
        {
            json.WriteStartArray("model_outputs"u8);
            foreach (var output in outputs)
            {
                json.WriteStartObject();
                json.WriteString("model_id"u8, output.ModelId);
                json.WriteNumber("step"u8, output.Step);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteIfSet(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}
