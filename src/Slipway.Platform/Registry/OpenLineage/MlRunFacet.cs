using System.Text.Json;
using Slipway.Platform.Foundation;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry.OpenLineage;

/// <summary>What a training knows and the standard facets have no place for: metrics, params, seed, command, runtime.</summary>
internal static class MlRunFacet
{
    public const string Name = "slipway_mlRun";

    public static void Write(Utf8JsonWriter json, string producer, string schema, RunDetail run)
    {
        json.WriteStartObject(Name);
        json.WriteString("_producer", producer);
        json.WriteString("_schemaURL", schema);
        json.WriteString("name", run.Run.Name);
        json.WriteString("user", run.Run.UserId);
        json.WriteString("status", EnumName.Of(run.Run.Status));
        if (run.Run.Environment is { } environment)
        {
            Optional(json, "command", environment.CommandLine);
            Optional(json, "runtime", environment.Runtime);
            Optional(json, "operatingSystem", environment.Os);
            if (environment.Seed is { } seed)
            {
                json.WriteNumber("seed", seed);
            }
        }

        json.WriteStartObject("metrics");
        foreach (var (key, point) in run.Metrics.OrderBy(metric => metric.Key, StringComparer.Ordinal))
        {
            json.WritePropertyName(key);
            JsonSerializer.Serialize(json, point.Value, Json.Options);
        }

        json.WriteEndObject();
        WritePairs(json, "params", run.Params);
        WritePairs(json, "tags", run.Tags);
        json.WriteEndObject();
    }

    private static void WritePairs(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, string> pairs)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private static void Optional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}
