using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Core.Errors;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Slipway.Platform.Foundation.Yaml;

/// <summary>
/// One mapping of a YAML file, read strictly: each key is asked for once, and <see cref="End"/> refuses the keys that nobody
/// asked for. Every error names the file, line and column.
/// </summary>
public sealed class YamlMap
{
    private readonly string file;
    private readonly YamlMappingNode node;
    private readonly Dictionary<string, YamlNode> entries = new(StringComparer.Ordinal);
    private readonly HashSet<string> asked = new(StringComparer.Ordinal);

    internal YamlMap(string file, YamlMappingNode node)
    {
        this.file = file;
        this.node = node;
        foreach (var (key, value) in node.Children)
        {
            entries[key is YamlScalarNode { Value: { } text } ? text : throw Wrong(key, "a key must be a plain word")] = value;
        }
    }

    /// <summary>file:line:column of the mapping.</summary>
    public string Origin => $"{file}:{node.Start.Line}:{node.Start.Column}";

    /// <summary>For errors about the mapping as a whole.</summary>
    public SlipwayException Error(string message) => Wrong(node, message);

    /// <summary>For errors about one key's value.</summary>
    public SlipwayException Error(string key, string message) => Wrong(entries.GetValueOrDefault(key) ?? node, message);

    public bool Has(string key) => entries.ContainsKey(key);

    public string Text(string key) => OptionalText(key) ?? throw Wrong(node, $"'{key}' is missing");

    public string? OptionalText(string key) => Find(key) switch
    {
        null => null,
        YamlScalarNode scalar => IsNull(scalar) ? null : scalar.Value,
        var other => throw Wrong(other, $"'{key}' must be a single value"),
    };

    public double? OptionalNumber(string key) => OptionalText(key) is not { } text ? null
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value
        : throw Error(key, $"'{key}' must be a number; got '{text}'");

    public int? OptionalInteger(string key) => OptionalText(key) is not { } text ? null
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value
        : throw Error(key, $"'{key}' must be a whole number; got '{text}'");

    public bool Flag(string key, bool otherwise) => OptionalText(key) switch
    {
        null => otherwise,
        "true" => true,
        "false" => false,
        var text => throw Error(key, $"'{key}' must be true or false; got '{text}'"),
    };

    /// <summary>A duration such as <c>30m</c>, <c>2h</c>, <c>1d</c>, or ISO 8601 (<c>PT30M</c>).</summary>
    public TimeSpan? OptionalDuration(string key) => OptionalText(key) is not { } text ? null
        : Duration.TryParse(text, out var value) ? value
        : throw Error(key, $"'{key}' must be a duration such as 30m, 2h, 1d or PT30M; got '{text}'");

    public IReadOnlyList<string> Texts(string key) => Find(key) switch
    {
        null => [],
        YamlSequenceNode list => [.. list.Children.Select(item => item is YamlScalarNode { Value: { } text }
            ? text : throw Wrong(item, $"an entry of '{key}' must be a single value"))],
        var other => throw Wrong(other, $"'{key}' must be a list"),
    };

    public IReadOnlyList<YamlMap> Maps(string key) => Find(key) switch
    {
        null => [],
        YamlSequenceNode list => [.. list.Children.Select(item => item is YamlMappingNode map
            ? new YamlMap(file, map) : throw Wrong(item, $"an entry of '{key}' must be a mapping"))],
        var other => throw Wrong(other, $"'{key}' must be a list of mappings"),
    };

    /// <summary>The value as one of an enumeration's names in snake_case; the fallback when absent, and an error when there is none.</summary>
    public T Choice<T>(string key, T? fallback = null)
        where T : struct, Enum
    {
        if (OptionalText(key) is not { } text)
        {
            return fallback ?? throw Wrong(node, $"'{key}' is missing");
        }

        return EnumName.TryParse<T>(text, out var value) ? value
            : throw Error(key, $"'{key}' must be one of {string.Join(", ", Enum.GetValues<T>().Select(EnumName.Of))}; got '{text}'");
    }

    /// <summary>Keys and values that are both single values, by key; empty when absent.</summary>
    public IReadOnlyDictionary<string, string> Pairs(string key)
    {
        var map = OptionalMap(key);
        return new SortedDictionary<string, string>(
            map?.Keys().ToDictionary(name => name, map.Text) ?? [], StringComparer.Ordinal);
    }

    public YamlMap? OptionalMap(string key) => Find(key) switch
    {
        null => null,
        YamlMappingNode map => new YamlMap(file, map),
        var other => throw Wrong(other, $"'{key}' must be a mapping"),
    };

    /// <summary>Any YAML below the key as JSON: scalars keep the type they are written in.</summary>
    public JsonObject Object(string key) => Find(key) switch
    {
        null => [],
        YamlMappingNode map => (JsonObject)ToJson(map)!,
        var other => throw Wrong(other, $"'{key}' must be a mapping"),
    };

    /// <summary>The keys as written, all taken as asked for: for mappings whose keys are the user's own names.</summary>
    public IReadOnlyList<string> Keys()
    {
        asked.UnionWith(entries.Keys);
        return [.. entries.Keys];
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for the first key that nobody asked for.</exception>
    public void End()
    {
        var known = string.Join(", ", asked.Order(StringComparer.Ordinal));
        foreach (var (key, _) in node.Children)
        {
            if (!asked.Contains(((YamlScalarNode)key).Value!))
            {
                throw Wrong(key, $"'{key}' is not a key here; known are {known}");
            }
        }
    }

    private static bool IsNull(YamlScalarNode scalar) =>
        scalar.Style == ScalarStyle.Plain && scalar.Value is null or "" or "~" or "null" && scalar.Style == ScalarStyle.Plain;

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(
            entry => KeyValuePair.Create(((YamlScalarNode)entry.Key).Value!, ToJson(entry.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(ToJson)]),
        YamlScalarNode scalar => ToJson(scalar),
        _ => null,
    };

    private static JsonNode? ToJson(YamlScalarNode scalar)
    {
        if (IsNull(scalar))
        {
            return null;
        }

        if (scalar.Style != ScalarStyle.Plain)
        {
            return JsonValue.Create(scalar.Value);
        }

        return scalar.Value switch
        {
            "true" => JsonValue.Create(true),
            "false" => JsonValue.Create(false),
            { } text when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                => JsonValue.Create(whole),
            { } text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                => JsonValue.Create(number),
            var text => JsonValue.Create(text),
        };
    }

    private YamlNode? Find(string key)
    {
        asked.Add(key);
        return entries.GetValueOrDefault(key);
    }

    private SlipwayException Wrong(YamlNode at, string message) =>
        SlipwayException.Invalid($"{file}:{at.Start.Line}:{at.Start.Column}: {message}.");
}
