using System.Text.Json;
using System.Text.Json.Serialization;

namespace Slipway.Core.Versioning;

/// <summary>A version travels as its text.</summary>
internal sealed class SemanticVersionJson : JsonConverter<SemanticVersion>
{
    public override SemanticVersion Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && SemanticVersion.TryParse(reader.GetString()!) is { } version
            ? version
            : throw new JsonException("Expected a semantic version such as \"1.0.0\".");

    public override void Write(Utf8JsonWriter writer, SemanticVersion value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
