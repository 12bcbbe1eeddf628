using System.Globalization;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Yaml;

namespace Slipway.Platform.Features.Definitions;

/// <summary>Types as they are written in YAML: <c>float64</c>, <c>array&lt;string&gt;</c>, <c>embedding&lt;128&gt;</c>.</summary>
internal static class ColumnTypes
{
    /// <summary>An embedding of so many float32 is 64 KB in each online row.</summary>
    private const int MaxDimension = 16_384;

    private const string Embedding = "embedding";

    /// <summary>The keys <c>name</c> and <c>type</c>.</summary>
    /// <exception cref="SlipwayException">With file, line and column.</exception>
    public static ColumnSchema Read(YamlMap map)
    {
        var (name, text) = (map.Text("name"), map.Text("type"));
        if (!text.StartsWith(Embedding, StringComparison.Ordinal))
        {
            return new ColumnSchema(name, map.Choice<DataType>("type"));
        }

        return text.Length > Embedding.Length + 2 && text[Embedding.Length] == '<' && text[^1] == '>'
            && int.TryParse(text.AsSpan()[(Embedding.Length + 1)..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var dimension)
            && dimension is >= 1 and <= MaxDimension
            ? new ColumnSchema(name, DataType.Embedding, Dimension: dimension)
            : throw map.Error("type", $"an embedding says how many numbers it has, from 1 to {MaxDimension}, as embedding<128>; got '{text}'");
    }

    /// <summary>The same of what cannot be an array.</summary>
    /// <param name="what">For the error: a join key, say.</param>
    /// <inheritdoc cref="Read"/>
    public static ColumnSchema Single(YamlMap map, string what) => Read(map) is var column && column.Type.IsArray()
        ? throw map.Error("type", $"{what} is a single value; got '{map.Text("type")}'")
        : column;

    /// <summary>The key <c>type</c> alone; null where it is absent.</summary>
    /// <inheritdoc cref="Single"/>
    public static DataType? OptionalSingle(YamlMap map, string what) => map.OptionalText("type") is null ? null
        : map.Choice<DataType>("type") is var type && type.IsArray() ? throw map.Error("type", $"{what} is a single value; got '{map.Text("type")}'")
        : type;
}
