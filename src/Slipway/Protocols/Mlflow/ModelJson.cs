using System.Globalization;
using System.Text.Json;
using Slipway.Platform.Registry;
using Slipway.Platform.Registry.Sources;

namespace Slipway.Protocols.Mlflow;

/// <summary>The protocol's messages <c>RegisteredModel</c> and <c>ModelVersion</c>.</summary>
internal static class ModelJson
{
    public static void Write(Utf8JsonWriter json, RegisteredModel model, IEnumerable<ModelVersion> latest)
    {
        json.WriteStartObject();
        json.WriteString("name", model.Name);
        json.WriteNumber("creation_timestamp", model.CreatedMs);
        json.WriteNumber("last_updated_timestamp", model.UpdatedMs);
        if (model.Description.Length > 0)
        {
            json.WriteString("description", model.Description);
        }

        Write(json, "latest_versions", Latest(latest), version => Write(json, version, withAliases: false));
        WriteTags(json, model.Tags);
        Write(json, "aliases", model.Aliases, alias =>
        {
            json.WriteStartObject();
            json.WriteString("alias", alias.Key);
            json.WriteString("version", alias.Value.ToString(CultureInfo.InvariantCulture));
            json.WriteEndObject();
        });
        json.WriteEndObject();
    }

    /// <param name="withAliases">Answers about one version have its aliases; lists of versions do not.</param>
    public static void Write(Utf8JsonWriter json, ModelVersion version, bool withAliases)
    {
        json.WriteStartObject();
        json.WriteString("name", version.Model);
        json.WriteString("version", version.Number.ToString(CultureInfo.InvariantCulture));
        json.WriteNumber("creation_timestamp", version.CreatedMs);
        json.WriteNumber("last_updated_timestamp", version.UpdatedMs);
        json.WriteString("current_stage", MlflowStage.Of(version.Stage));
        json.WriteString("description", version.Description);
        json.WriteString("source", VersionSource.Of(version)?.Text ?? "");
        json.WriteString("run_id", version.RunId ?? "");
        json.WriteString("status", "READY"); // a version is there as a whole or not at all
        WriteTags(json, version.Tags);
        json.WriteString("run_link", version.RunLink);
        Write(json, "aliases", withAliases ? version.Aliases : [], json.WriteStringValue);
        json.WriteEndObject();
    }

    /// <summary>The newest in each stage as the protocol knows them, by number.</summary>
    public static IEnumerable<ModelVersion> Latest(IEnumerable<ModelVersion> versions) =>
        versions.GroupBy(version => MlflowStage.Of(version.Stage)).Select(stage => stage.MaxBy(version => version.Number)!)
            .OrderBy(version => version.Number);

    /// <summary>A repeated field; none at all when it is empty.</summary>
    public static void Write<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> write)
    {
        using var each = items.GetEnumerator();
        if (!each.MoveNext())
        {
            return;
        }

        json.WriteStartArray(name);
        do
        {
            write(each.Current);
        }
        while (each.MoveNext());

        json.WriteEndArray();
    }

    private static void WriteTags(Utf8JsonWriter json, IReadOnlyDictionary<string, string> tags) =>
        Write(json, "tags", tags.OrderBy(tag => tag.Key, StringComparer.Ordinal), tag =>
        {
            json.WriteStartObject();
            json.WriteString("key", tag.Key);
            json.WriteString("value", tag.Value);
            json.WriteEndObject();
        });
}
