using System.Globalization;
using Slipway.Core.Errors;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Slipway.Platform.Foundation.Yaml;

/// <summary>
/// A mapping in a YAML file, read strictly: every error names file, line and column, and <see cref="Done"/> refuses keys that nothing
/// asked for.
/// </summary>
public sealed class YamlMap
{
    private readonly string file;
    private readonly YamlMappingNode node;
    private readonly HashSet<string> asked = new(StringComparer.Ordinal);

    private YamlMap(string file, YamlMappingNode node)
    {
        this.file = file;
        this.node = node;
    }

    /// <summary>file:line:column of the mapping.</summary>
    public string Origin => At(node);

    /// <param name="file">The name used in errors.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the text is not one YAML mapping.</exception>
    public static YamlMap Parse(string text, string file)
    {
        var stream = new YamlStream();
        var parser = new Parser(new StringReader(text));
        try
        {
            stream.Load(parser);
        }
        catch (Exception e) when (e is YamlException or InvalidOperationException)
        {
            // Some malformed flows make the parser fail without a position; where it stood is the best there is.
            var at = (e as YamlException)?.Start ?? parser.Current?.End ?? Mark.Empty;
            throw SlipwayException.Invalid($"{file}:{at.Line}:{at.Column}: {(e is YamlException ? e.Message : "this is not YAML")}.");
        }

        return stream.Documents is [{ RootNode: YamlMappingNode root }]
            ? new YamlMap(file, root)
            : throw SlipwayException.Invalid($"{file}:1:1: the file must hold one mapping of keys to values.");
    }

    public string Text(string key) => Find(key) is { } value ? Scalar(value, key) : throw Missing(key);

    public string? OptionalText(string key) => Find(key) is { } value ? Scalar(value, key) : null;

    public bool Flag(string key) => Find(key) is { } value && (bool.TryParse(Scalar(value, key), out var flag)
        ? flag
        : throw Error(value, $"'{key}' is true or false, not '{Scalar(value, key)}'."));

    /// <summary>30s, 30m, 2h, 1d, 1w, or ISO 8601 as in PT30M; null when absent.</summary>
    public TimeSpan? Duration(string key)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        var written = Scalar(value, key);
        return Durations.TryParse(written, out var duration) ? duration : throw Error(
            value, $"'{key}' is a duration such as 30s, 30m, 2h, 1d or PT30M, not '{written}'.");
    }

    /// <summary>A name of the enumeration in snake_case; the fallback when absent, and an error when there is none.</summary>
    public T Choice<T>(string key, T? fallback = null)
        where T : struct, Enum
    {
        if (Find(key) is not { } value)
        {
            return fallback ?? throw Missing(key);
        }

        var written = Scalar(value, key);
        return Enum.TryParse<T>(written.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var choice)
            && Enum.IsDefined(choice) && !char.IsAsciiDigit(written.FirstOrDefault())
            ? choice
            : throw Error(value, $"'{key}' is one of {string.Join(", ", Enum.GetNames<T>().Select(Snake))}, not '{written}'.");
    }

    public YamlMap? OptionalMap(string key) => Find(key) switch
    {
        null => null,
        YamlMappingNode map => new YamlMap(file, map),
        var other => throw Error(other, $"'{key}' is a mapping."),
    };

    /// <summary>Empty when absent.</summary>
    public IReadOnlyList<YamlMap> Maps(string key) => [.. Items(key).Select(item => item is YamlMappingNode map
        ? new YamlMap(file, map)
        : throw Error(item, $"'{key}' is a list of mappings."))];

    /// <inheritdoc cref="Maps"/>
    public IReadOnlyList<string> Texts(string key) => [.. Items(key).Select(item => Scalar(item, key))];

    /// <summary>Keys and values that are both text; empty when absent.</summary>
    public IReadOnlyDictionary<string, string> Pairs(string key) => Find(key) switch
    {
        null => new SortedDictionary<string, string>(StringComparer.Ordinal),
        YamlMappingNode map => new SortedDictionary<string, string>(
            map.Children.ToDictionary(c => Scalar(c.Key, key), c => Scalar(c.Value, key)), StringComparer.Ordinal),
        var other => throw Error(other, $"'{key}' is a mapping."),
    };

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when a key stands here that was never asked for.</exception>
    public void Done()
    {
        foreach (var key in node.Children.Keys)
        {
            if (key is not YamlScalarNode { Value: { } name } || !asked.Contains(name))
            {
                throw Error(key, $"unknown key '{key}'; known here: {string.Join(", ", asked.Order(StringComparer.Ordinal))}.");
            }
        }
    }

    /// <summary>An error at the value of a key, or at the mapping where the key is absent.</summary>
    public SlipwayException Error(string key, string problem) => Error(Find(key) ?? node, problem);

    private IEnumerable<YamlNode> Items(string key) => Find(key) switch
    {
        null => [],
        YamlSequenceNode list => list.Children,
        var other => throw Error(other, $"'{key}' is a list."),
    };

    /// <summary>A key without a value (<c>ttl:</c>) counts as absent.</summary>
    private YamlNode? Find(string key)
    {
        asked.Add(key);
        return node.Children.TryGetValue(new YamlScalarNode(key), out var value)
            && value is not YamlScalarNode { Value: "", Style: ScalarStyle.Plain }
            ? value
            : null;
    }

    private string Scalar(YamlNode value, string key) =>
        value is YamlScalarNode { Value: { } text } ? text : throw Error(value, $"'{key}' is a single value.");

    private SlipwayException Missing(string key) => Error(node, $"'{key}' is missing.");

    private SlipwayException Error(YamlNode at, string problem) => SlipwayException.Invalid($"{At(at)}: {problem}");

    private string At(YamlNode at) => string.Create(CultureInfo.InvariantCulture, $"{file}:{at.Start.Line}:{at.Start.Column}");

    private static string Snake(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
}
