using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation;

/// <summary>Enum values as they are stored and sent: <c>ModelVersion</c> is <c>model_version</c>.</summary>
public static class EnumName
{
    public static string Of<T>(T value)
        where T : struct, Enum => Names<T>.ByValue[value];

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> listing the values there are.</exception>
    public static T Parse<T>(string text, string what)
        where T : struct, Enum => TryParse<T>(text, out var value)
        ? value
        : throw SlipwayException.Invalid($"'{text}' is not a {what}; use one of {string.Join(", ", Names<T>.ByName.Keys)}.");

    public static bool TryParse<T>(string text, out T value)
        where T : struct, Enum => Names<T>.ByName.TryGetValue(text, out value);

    private static class Names<T>
        where T : struct, Enum
    {
        public static readonly Dictionary<T, string> ByValue = Enum.GetValues<T>()
            .ToDictionary(value => value, value => typeof(T).GetField(value.ToString())!.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name
                ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));

        public static readonly Dictionary<string, T> ByName = ByValue.ToDictionary(
            pair => pair.Value, pair => pair.Key, StringComparer.OrdinalIgnoreCase);
    }
}
