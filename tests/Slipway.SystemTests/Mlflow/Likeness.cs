using System.Globalization;
using System.Text.Json.Nodes;

namespace Slipway.SystemTests.Mlflow;

/// <summary>
/// Compares our answers with recorded ones: ids and made-up names are matched with ours where they first appear, times that the
/// server chose need only be times, lists that have keys are sets, and all else must be equal.
/// </summary>
internal sealed class Likeness
{
    private static readonly string[] ChosenByServer =
    [
        "creation_time", "last_update_time", "creation_timestamp", "last_updated_timestamp", "creation_timestamp_ms", "last_updated_timestamp_ms",
    ];

    // Newer than the protocol's error shape, and optional for its clients.
    private static readonly string[] Optional = ["sqlstate", "error_class"];

    private readonly Dictionary<string, string> ours = [];

    /// <summary>Recorded text with our ids in place of the recorded ones.</summary>
    public string Translate(string recorded) => ours.Aggregate(recorded, (text, id) => text.Replace(id.Key, id.Value, StringComparison.Ordinal));

    /// <summary>What differs, as one line each.</summary>
    public IReadOnlyList<string> Compare(string recorded, string answer)
    {
        var actual = JsonNode.Parse(answer)!;
        Learn(JsonNode.Parse(recorded)!, actual);
        var differences = new List<string>();
        Compare(JsonNode.Parse(Translate(recorded)), actual, "$", differences);
        return differences;
    }

    private void Learn(JsonNode? recorded, JsonNode? actual)
    {
        if (recorded is JsonObject left && actual is JsonObject right)
        {
            foreach (var (key, value) in left)
            {
                if (key is "run_id" or "model_id" or "run_name" && Text(value) is { Length: > 0 } theirs && Text(right[key]) is { } mine && !ours.ContainsValue(theirs))
                {
                    ours.TryAdd(theirs, mine);
                }

                Learn(value, right[key]);
            }
        }
    }

    private static void Compare(JsonNode? recorded, JsonNode? actual, string path, List<string> differences)
    {
        switch (recorded, actual)
        {
            case (JsonObject left, JsonObject right):
                foreach (var key in left.Select(field => field.Key).Union(right.Select(field => field.Key)).Except(Optional))
                {
                    if (!ChosenByServer.Contains(key) || left[key] is null || !IsTime(right[key]))
                    {
                        Compare(left[key], right[key], $"{path}.{key}", differences);
                    }
                }

                break;
            case (JsonArray left, JsonArray right):
                var (expected, got) = (Ordered(left), Ordered(right));
                for (var i = 0; i < Math.Max(expected.Count, got.Count); i++)
                {
                    Compare(expected.ElementAtOrDefault(i), got.ElementAtOrDefault(i), $"{path}[{i}]", differences);
                }

                break;
            default:
                if (!Same(recorded, actual))
                {
                    differences.Add($"{path}: MLflow {recorded?.ToJsonString() ?? "nothing"}, here {actual?.ToJsonString() ?? "nothing"}");
                }

                break;
        }
    }

    private static bool Same(JsonNode? recorded, JsonNode? actual)
    {
        if (Number(recorded) is { } theirs)
        {
            // The reference makes an infinity the largest number there is; here it stays one.
            return Math.Abs(theirs) == double.MaxValue ? Text(actual) == (theirs > 0 ? "Infinity" : "-Infinity") : Number(actual) == theirs;
        }

        return JsonNode.DeepEquals(recorded, actual)
            || (Text(recorded) is { } left && Text(actual) is { } right && left.StartsWith('[') && right.StartsWith('[')
            && JsonNode.DeepEquals(JsonNode.Parse(left), JsonNode.Parse(right)));
    }

    private static bool IsTime(JsonNode? value) => Number(value) is > 1e12;

    /// <summary>Tags, params, latest metrics, files and versions come in no particular order; runs and histories do.</summary>
    private static List<JsonNode?> Ordered(JsonArray list) => list.Count > 1 && list.All(item => item is JsonObject o && KeyOf(o) is not null) && Distinct(list)
        ? [.. list.OrderBy(item => KeyOf(item!.AsObject()), StringComparer.Ordinal)]
        : [.. list];

    private static bool Distinct(JsonArray list) => list.Select(item => KeyOf(item!.AsObject())).Distinct().Count() == list.Count;

    private static string? KeyOf(JsonObject item) => Text(item["key"]) ?? Text(item["path"]) ?? Text(item["alias"]);

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static double? Number(JsonNode? node) => node is JsonValue value && value.GetValueKind() == System.Text.Json.JsonValueKind.Number
        ? double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture)
        : null;
}
