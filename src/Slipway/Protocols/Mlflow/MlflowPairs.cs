using System.Text.Json;

namespace Slipway.Protocols.Mlflow;

/// <summary>Tags and params: a repeated message of key and value.</summary>
internal static class MlflowPairs
{
    /// <summary>The last value of each key.</summary>
    /// <param name="truncate">Characters that a value is cut to, as the reference does unless told otherwise.</param>
    public static Dictionary<string, string> Pairs(this MlflowCall call, string name, int truncate = int.MaxValue)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var item in call.Items(name))
        {
            pairs[MlflowFields.RequiredText(item, "key")] = Cut(MlflowFields.Text(item, "value") ?? "", truncate);
        }

        return pairs;
    }

    /// <summary>The same where a key may be there once only.</summary>
    public static Dictionary<string, string> UniquePairs(this MlflowCall call, string name, int truncate)
    {
        var pairs = call.Pairs(name, truncate);
        var doubled = call.Items(name).GroupBy(item => MlflowFields.Text(item, "key")).FirstOrDefault(group => group.Skip(1).Any());
        return doubled is null ? pairs : throw MlflowException.Invalid(
            $"Duplicate parameter keys have been submitted: '{doubled.Key}' is there more than once. A param has one value.");
    }

    /// <summary>Cuts at a character, never within a surrogate pair.</summary>
    public static string Cut(string value, int max) => value.Length <= max ? value
        : char.IsHighSurrogate(value[max - 1]) ? value[..(max - 1)]
        : value[..max];

    public static void Write(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, string> pairs)
    {
        if (pairs.Count == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var (key, value) in pairs)
        {
            json.WriteStartObject();
            json.WriteString("key"u8, key);
            json.WriteString("value"u8, value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
