using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Inference;
using Slipway.Platform.Access;
using Slipway.Platform.Serving;

namespace Slipway.Protocols.OpenInference;

/// <summary>The extension <c>statistics</c>. Nothing is cached between requests, and nothing here knows a model's memory: those counts
/// are 0 and that list is empty.</summary>
internal static class StatisticsWriter
{
    /// <param name="model">Null for all that the actor may ask.</param>
    public static List<VersionStatistics> Of(ServingService serving, ModelRepository repository, Actor actor, string? model, string? version)
    {
        if (model is not null)
        {
            serving.RequirePredict(model, actor);
            return [.. serving.Statistics(model, version)];
        }

        return [.. repository.List(actor).Where(entry => entry.IsReady).Select(entry => entry.Endpoint).Distinct().SelectMany(OfOne)];

        IReadOnlyList<VersionStatistics> OfOne(string endpoint)
        {
            try
            {
                return serving.Statistics(endpoint, null);
            }
            catch (SlipwayException)
            {
                // It went away since it was listed.
                return [];
            }
        }
    }

    public static void Write(Utf8JsonWriter json, IEnumerable<VersionStatistics> versions)
    {
        json.WriteStartArray("model_stats");
        foreach (var (endpoint, version, statistics) in versions)
        {
            json.WriteStartObject();
            json.WriteString("name", endpoint);
            json.WriteString("version", version);
            json.WriteNumber("last_inference", statistics.LastInferenceMs);
            json.WriteNumber("inference_count", statistics.InferenceCount);
            json.WriteNumber("execution_count", statistics.ExecutionCount);
            WriteRequests(json, statistics);
            json.WriteStartObject("response_stats");
            json.WriteEndObject();
            WriteBatches(json, statistics.Batches);
            json.WriteStartArray("memory_usage");
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRequests(Utf8JsonWriter json, ModelStatistics statistics)
    {
        json.WriteStartObject("inference_stats");
        Write(json, "success", statistics.Success);
        Write(json, "fail", statistics.Fail);
        Write(json, "queue", statistics.Queue);
        Write(json, "compute_input", statistics.ComputeInput);
        Write(json, "compute_infer", statistics.ComputeInfer);
        Write(json, "compute_output", statistics.ComputeOutput);
        Write(json, "cache_hit", default);
        Write(json, "cache_miss", default);
        json.WriteEndObject();
    }

    private static void WriteBatches(Utf8JsonWriter json, IReadOnlyList<BatchStatistics> batches)
    {
        json.WriteStartArray("batch_stats");
        foreach (var batch in batches)
        {
            json.WriteStartObject();
            json.WriteNumber("batch_size", batch.Size);
            Write(json, "compute_input", batch.ComputeInput);
            Write(json, "compute_infer", batch.ComputeInfer);
            Write(json, "compute_output", batch.ComputeOutput);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, CountedTime time)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", time.Count);
        json.WriteNumber("ns", time.Nanoseconds);
        json.WriteEndObject();
    }
}
