using System.Text.Json;
using System.Text.Json.Nodes;

namespace Slipway.Platform.Features.Registry;

/// <summary>What differs between two stored definitions, member by member; members of lists go by their names.</summary>
internal static class FieldChanges
{
    /// <summary>Null when nothing differs.</summary>
    public static IReadOnlyList<FieldChange>? Of(string before, string after)
    {
        var (old, now) = (Flat(before), Flat(after));
        FieldChange[] changes =
        [
            .. now.Keys.Union(old.Keys).Select(path => new FieldChange(path, old.GetValueOrDefault(path), now.GetValueOrDefault(path)))
                .Where(change => change.Old != change.New),
        ];
        return changes.Length == 0 ? null : changes;
    }

    private static Dictionary<string, string> Flat(string json)
    {
        var flat = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(flat, "", JsonNode.Parse(json));
        return flat;
    }

    private static void Add(Dictionary<string, string> flat, string path, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var (name, value) in map.Where(member => member.Key != "origin"))
                {
                    // Notes are what people wrote: description, owner and tags stand beside the rest in the file, too.
                    Add(flat, name == "notes" ? path : Below(path, name), value);
                }

                break;
            case JsonArray { Count: > 0 } list when list.All(item => Name(item) is not null):
                foreach (var item in list)
                {
                    Add(flat, Below(path, Name(item)!), item);
                }

                break;
            case JsonArray list:
                flat[path] = $"[{string.Join(", ", list.Select(Text))}]";
                break;
            default:
                flat[path] = Text(node);
                break;
        }
    }

    private static string? Name(JsonNode? item) => item is JsonObject map ? (string?)map["name"] ?? (string?)map["alias"] ?? (string?)map["view"] : null;

    private static string Below(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string Text(JsonNode? node) => node switch
    {
        null => "null",
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        _ => node.ToJsonString(),
    };
}
