using System.Text.Json;
using System.Text.Json.Serialization;

namespace Slipway.Client.Http;

/// <summary>Enum values as the server writes them: <c>FeatureService</c> is <c>feature_service</c>.</summary>
internal sealed class SnakeCase<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower)
    where T : struct, Enum;

internal static class SnakeCase
{
    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
