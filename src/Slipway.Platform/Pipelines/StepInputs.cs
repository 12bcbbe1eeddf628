using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Pipelines;

/// <summary>A step's inputs and outputs as records: <c>snake_case</c> in YAML, strict about names and types.</summary>
public static class StepInputs
{
    public static JsonSerializerOptions Options { get; } = Create();

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the step and the input that is missing, unknown or wrong.</exception>
    public static T Read<T>(this StepContext step)
    {
        try
        {
            return step.With.Deserialize<T>(Options)!;
        }
        catch (JsonException wrong)
        {
            throw SlipwayException.Invalid($"Step '{step.Step}' has wrong inputs: {wrong.Message}");
        }
    }

    public static JsonObject Write<T>(T outputs) => (JsonObject)JsonSerializer.SerializeToNode(outputs, Options)!;

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            RespectRequiredConstructorParameters = true,
            RespectNullableAnnotations = true,
        };
        Json.Apply(options);
        return options;
    }
}
