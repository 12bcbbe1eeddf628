using System.Globalization;
using System.Text.Json;

namespace Slipway.Protocols.Mlflow;

/// <summary>How the protocol reads the fields of a message; what it takes is wider than JSON.</summary>
internal static class MlflowFields
{
    public static MlflowException Missing(string name) => MlflowException.Invalid(
        $"Missing value for required parameter '{name}'. See the API docs for more information about request parameters.");

    public static MlflowException Wrong(JsonElement value, string name) => Wrong(Short(value.GetRawText()), name);

    public static MlflowException Wrong(string value, string name) => MlflowException.Invalid(
        $"Invalid value {value} for parameter '{name}' supplied. See the API docs for more information about request parameters.");

    public static JsonElement? Find(JsonElement message, string name) => message.ValueKind != JsonValueKind.Object
        ? throw MlflowException.Invalid($"Expected a message with the field '{name}'; got {Short(message.GetRawText())}.")
        : message.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <returns>Null when absent.</returns>
    public static string? Text(JsonElement message, string name) => Find(message, name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : value.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False ? value.GetRawText()
        : throw Wrong(value, name);

    public static string RequiredText(JsonElement message, string name) =>
        Text(message, name) is { Length: > 0 } text ? text : throw Missing(name);

    /// <summary>A 64-bit integer, as a number or, as older clients send it, as text; a fraction of zero is none.</summary>
    public static long Integer(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.Number)
        {
            return value.TryGetInt64(out var whole) ? whole
                : value.TryGetDecimal(out var exact) && decimal.IsInteger(exact) && exact is >= long.MinValue and <= long.MaxValue ? (long)exact
                : throw Wrong(value, name);
        }

        return value.ValueKind == JsonValueKind.String
            && long.TryParse(value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var parsed)
                ? parsed
                : throw Wrong(value, name);
    }

    /// <summary>A double: a number of any size (1e400 is infinite), true for 1, or the text of a number, NaN or an infinity.</summary>
    public static double Number(JsonElement value, string name) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        JsonValueKind.String when double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) => parsed,
        _ => throw Wrong(value, name),
    };

    private static string Short(string text) => text.Length <= 200 ? text : text[..200] + "…";
}
