using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Slipway.Core.Errors;

namespace Slipway.Platform.Pipelines;

/// <summary>
/// <c>${parameters.x}</c>, <c>${steps.name.output}</c> and <c>${run.id}</c> in step inputs. A string that is one reference
/// takes the value with its type; within a longer string the value is written out.
/// </summary>
internal static partial class References
{
    /// <summary>The steps that the value refers to.</summary>
    public static IEnumerable<string> Steps(JsonNode? value) => All(value)
        .Select(path => path.Split('.'))
        .Where(parts => parts is ["steps", _, ..])
        .Select(parts => parts[1])
        .Distinct(StringComparer.Ordinal);

    public static IEnumerable<string> All(JsonNode? value) => value switch
    {
        JsonObject map => map.SelectMany(entry => All(entry.Value)),
        JsonArray list => list.SelectMany(All),
        JsonValue text when text.TryGetValue<string>(out var s) => Pattern().Matches(s).Select(m => m.Groups[1].Value),
        _ => [],
    };

    /// <param name="scope">An object with <c>parameters</c>, <c>steps</c> and <c>run</c>.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a reference to nothing.</exception>
    public static JsonNode? Resolve(JsonNode? value, JsonObject scope) => value switch
    {
        JsonObject map => new JsonObject(map.Select(entry => KeyValuePair.Create(entry.Key, Resolve(entry.Value, scope)))),
        JsonArray list => new JsonArray([.. list.Select(item => Resolve(item, scope))]),
        JsonValue text when text.TryGetValue<string>(out var s) => ResolveText(s, scope),
        null => null,
        _ => value.DeepClone(),
    };

    /// <summary>Whether a condition holds: anything but false, null and absent.</summary>
    public static bool Holds(string condition, JsonObject scope)
    {
        var path = Pattern().Match(condition) is { Success: true } match ? match.Groups[1].Value : condition;
        return Find(path, scope) is { } found && !(found is JsonValue v && v.TryGetValue<bool>(out var flag) && !flag);
    }

    private static JsonNode? ResolveText(string text, JsonObject scope)
    {
        var match = Pattern().Match(text);
        if (match.Success && match.Length == text.Length)
        {
            return Required(match.Groups[1].Value, scope)?.DeepClone();
        }

        return JsonValue.Create(Pattern().Replace(text, m => Required(m.Groups[1].Value, scope)?.ToString() ?? ""));
    }

    private static JsonNode? Required(string path, JsonObject scope) => Exists(path, scope, out var found)
        ? found
        : throw SlipwayException.Invalid($"'${{{path}}}' refers to nothing.");

    private static JsonNode? Find(string path, JsonObject scope) => Exists(path, scope, out var found) ? found : null;

    private static bool Exists(string path, JsonObject scope, out JsonNode? found)
    {
        found = scope;
        foreach (var part in path.Split('.'))
        {
            if (found is not JsonObject map || !map.TryGetPropertyValue(part, out found))
            {
                return false;
            }
        }

        return true;
    }

    [GeneratedRegex(@"\$\{\s*([A-Za-z0-9_.-]+)\s*\}", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
