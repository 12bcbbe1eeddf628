using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Windowed;

namespace Slipway.Protocols.SageMaker;

/// <summary>The parts of a request. Members of other names are ignored; a member of another type is named.</summary>
internal readonly struct SageMakerBody(JsonElement body, string path = "")
{
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/>: it is no JSON object.</exception>
    public static async Task<SageMakerBody> ReadAsync(HttpRequest request, CancellationToken cancel)
    {
        try
        {
            using var json = await JsonDocument.ParseAsync(request.Body, default, cancel);
            return new SageMakerBody(json.RootElement.Clone());
        }
        catch (JsonException wrong)
        {
            throw SlipwayException.Invalid($"The body is not JSON: line {wrong.LineNumber + 1}, byte {wrong.BytePositionInLine + 1}.");
        }
    }

    public string? Text(string name) => Get(name, JsonValueKind.String)?.GetString();

    public string RequiredText(string name) => Text(name) ?? throw Missing(name);

    public long RequiredInteger(string name) => Get(name, JsonValueKind.Number) is not { } value ? throw Missing(name)
        : value.TryGetInt64(out var whole) ? whole : throw Wrong(name, "an integer");

    public SageMakerBody? Part(string name) => Get(name, JsonValueKind.Object) is { } value ? new SageMakerBody(value, $"{path}{name}.") : null;

    public bool Has(string name) => body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>Null when absent.</summary>
    public IReadOnlyList<string>? Texts(string name)
    {
        if (Get(name, JsonValueKind.Array) is not { } list)
        {
            return null;
        }

        return list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. list.EnumerateArray().Select(item => item.GetString()!)]
            : throw Wrong(name, "a list of strings");
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when it is absent, empty, or longer.</exception>
    public IReadOnlyList<SageMakerBody> Parts(string name, int most)
    {
        var list = Get(name, JsonValueKind.Array) ?? throw Missing(name);
        var at = path + name;
        Range(at, list.GetArrayLength(), most);
        return [.. list.EnumerateArray().Select((item, i) => new SageMakerBody(item, $"{at}[{i}]."))];
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when it is absent, empty, or longer.</exception>
    public IReadOnlyList<string> RequiredTexts(string name, int most)
    {
        var texts = Texts(name) ?? throw Missing(name);
        Range(path + name, texts.Count, most);
        return texts;
    }

    /// <param name="names">As sent: <c>OnlineStore</c> and <c>OfflineStore</c>; null for both.</param>
    public static PushTarget Target(IReadOnlyList<string>? names)
    {
        const string Online = "OnlineStore", Offline = "OfflineStore";
        if (names is null || names.Count == 0)
        {
            return PushTarget.OnlineAndOffline;
        }

        return names.FirstOrDefault(name => name is not (Online or Offline)) is { } other
            ? throw SlipwayException.Invalid($"'TargetStores' names {Online}, {Offline} or both; got '{other}'.")
            : (names.Contains(Online), names.Contains(Offline)) switch
            {
                (true, false) => PushTarget.Online,
                (false, true) => PushTarget.Offline,
                _ => PushTarget.OnlineAndOffline,
            };
    }

    /// <param name="value"><c>Enabled</c> or <c>Disabled</c>; null is the second.</param>
    public static bool TellsExpiry(string? value) => value switch
    {
        "Enabled" => true,
        null or "Disabled" => false,
        _ => throw SlipwayException.Invalid($"'ExpirationTimeResponse' must be Enabled or Disabled; got '{value}'."),
    };

    /// <summary>A duration as <c>{"Unit": "Hours", "Value": 2}</c>.</summary>
    public TimeSpan Duration()
    {
        var (unit, value) = (RequiredText("Unit"), RequiredInteger("Value"));
        var ticks = unit switch
        {
            "Seconds" => TimeSpan.TicksPerSecond,
            "Minutes" => TimeSpan.TicksPerMinute,
            "Hours" => TimeSpan.TicksPerHour,
            "Days" => TimeSpan.TicksPerDay,
            "Weeks" => 7 * TimeSpan.TicksPerDay,
            _ => throw SlipwayException.Invalid($"'{path}Unit' must be Seconds, Minutes, Hours, Days or Weeks; got '{unit}'."),
        };
        var most = TimeSpan.MaxValue.Ticks / ticks;
        return value >= 1 && value <= most
            ? new TimeSpan(value * ticks)
            : throw SlipwayException.Invalid($"'{path}Value' must be 1 to {most} {unit}; got {value}.");
    }

    private JsonElement? Get(string name, JsonValueKind kind)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw SlipwayException.Invalid($"{(path.Length == 0 ? "The body" : $"'{path.TrimEnd('.')}'")} must be an object.");
        }

        return !Has(name) ? null : body.GetProperty(name) is var value && value.ValueKind == kind ? value
            : throw Wrong(name, kind switch { JsonValueKind.String => "a string", JsonValueKind.Number => "a number", JsonValueKind.Array => "a list", _ => "an object" });
    }

    private static void Range(string at, int count, int most)
    {
        if (count < 1 || count > most)
        {
            throw SlipwayException.Invalid($"'{at}' must have 1 to {most} entries; got {count}.");
        }
    }

    private SlipwayException Missing(string name) => SlipwayException.Invalid($"'{path}{name}' is missing.");

    private SlipwayException Wrong(string name, string wanted) => SlipwayException.Invalid($"'{path}{name}' must be {wanted}.");
}
