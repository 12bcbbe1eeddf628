using System.Globalization;
using System.Text.Json;

namespace Slipway.Protocols.Feast;

/// <summary>The JSON object that a call brings; members of other names are ignored.</summary>
internal readonly struct FeastBody(JsonElement body)
{
    /// <exception cref="FeastBodyException">It is no JSON object.</exception>
    public static async Task<FeastBody> ReadAsync(HttpRequest request, CancellationToken cancel)
    {
        try
        {
            // Whatever the content type says: some clients send none.
            using var json = await JsonDocument.ParseAsync(request.Body, default, cancel);
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? new FeastBody(json.RootElement.Clone())
                : throw new FeastBodyException("", "dict_type", "The body must be a JSON object.");
        }
        catch (JsonException wrong)
        {
            throw new FeastBodyException(
                "", "json_invalid", $"The body is not JSON: line {wrong.LineNumber + 1}, byte {wrong.BytePositionInLine + 1}.");
        }
    }

    public string? Text(string name) => Get(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw new FeastBodyException(name, "string_type", $"'{name}' must be a string.");

    public string RequiredText(string name) => Text(name) ?? throw Missing(name);

    public bool? Flag(string name) => Get(name) is not { } value ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new FeastBodyException(name, "bool_type", $"'{name}' must be true or false."),
    };

    /// <summary>Null when absent.</summary>
    public IReadOnlyList<string>? Texts(string name)
    {
        if (Get(name) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(item => item.GetString()!)]
            : throw new FeastBodyException(name, "list_type", $"'{name}' must be a list of strings.");
    }

    /// <summary>ISO 8601; without an offset it is UTC.</summary>
    public DateTimeOffset RequiredTime(string name) =>
        DateTimeOffset.TryParse(RequiredText(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new FeastBodyException(name, "datetime_parsing", $"'{name}' must be an ISO 8601 time.");

    /// <summary>By name an array of values each, in the order given; all of one length.</summary>
    public IReadOnlyList<(string Name, JsonElement Values)> Columns(string name)
    {
        var value = Get(name) ?? throw Missing(name);
        if (value.ValueKind != JsonValueKind.Object || value.EnumerateObject().Any(column => column.Value.ValueKind != JsonValueKind.Array))
        {
            throw new FeastBodyException(name, "dict_type", $"'{name}' must hold, by name, a list of values each.");
        }

        var columns = value.EnumerateObject().Select(column => (column.Name, column.Value)).ToArray();
        var other = columns.FirstOrDefault(column => column.Value.GetArrayLength() != columns[0].Value.GetArrayLength());
        return other.Name is null ? columns : throw new FeastBodyException(
            name, "value_error",
            $"The lists in '{name}' must be of one length; '{columns[0].Name}' has {columns[0].Value.GetArrayLength()} values and '{other.Name}' {other.Value.GetArrayLength()}.");
    }

    private JsonElement? Get(string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static FeastBodyException Missing(string name) => new(name, "missing", $"'{name}' is missing.");
}
