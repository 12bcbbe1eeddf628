using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Yaml;

namespace Slipway.Platform.Registry.Sources;

/// <summary>The file <c>MLmodel</c> of an MLflow model folder, as far as it is needed here. Nothing it names is ever run.</summary>
/// <param name="OnnxFile">The file of its ONNX flavour within the folder; null where it has none.</param>
/// <param name="Flavors">The names of all its flavours.</param>
/// <param name="Columns">Its inputs where they are named columns; null where they are tensors, of types unknown here, or not given.</param>
internal sealed record MlflowModelFile(string? OnnxFile, IReadOnlyList<string> Flavors, IReadOnlyList<ColumnSchema>? Columns)
{
    public const string Name = "MLmodel";
    public const int MaxBytes = 1 << 20;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the place that is not understood.</exception>
    public static MlflowModelFile Parse(string text)
    {
        var file = YamlFile.Parse(text, Name);
        var flavors = file.OptionalMap("flavors") ?? throw file.Error("'flavors' is missing");
        var onnx = flavors.OptionalMap("onnx")?.OptionalText("data");
        if (onnx?.Split('/').Any(part => part is "" or "." or "..") is true || onnx?.Contains('\\', StringComparison.Ordinal) is true)
        {
            throw flavors.Error("onnx", $"'data' must be a file inside the folder; got '{onnx}'");
        }

        return new MlflowModelFile(onnx, flavors.Keys(), ColumnsOf(file.OptionalMap("signature")?.OptionalText("inputs")));
    }

    private static List<ColumnSchema>? ColumnsOf(string? json)
    {
        try
        {
            using var document = JsonDocument.Parse(json ?? "null");
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                return null;
            }

            var columns = document.RootElement.EnumerateArray().Select(ColumnOf).ToList();
            return columns.Count == 0 || columns.Contains(null) ? null : [.. columns.OfType<ColumnSchema>()];
        }
        catch (JsonException)
        {
            throw SlipwayException.Invalid($"{Name}: the inputs of its signature are not JSON.");
        }
    }

    private static ColumnSchema? ColumnOf(JsonElement column)
    {
        if (column.ValueKind != JsonValueKind.Object || Text(column, "name") is not { Length: > 0 } name)
        {
            return null;
        }

        DataType? type = Text(column, "type") switch
        {
            "boolean" => DataType.Bool,
            "integer" or "long" => DataType.Int64,
            "float" => DataType.Float32,
            "double" => DataType.Float64,
            "string" => DataType.String,
            "datetime" => DataType.Timestamp,
            _ => null,
        };
        var optional = column.TryGetProperty("required", out var required) && required.ValueKind == JsonValueKind.False;
        return type is { } known ? new ColumnSchema(name, known, optional) : null;
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
