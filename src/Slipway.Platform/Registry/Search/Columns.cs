using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Filters;

namespace Slipway.Platform.Registry.Search;

/// <summary>Where the keys of a search over models are found.</summary>
internal static class ModelColumns
{
    private const string SomeVersion = "exists (select 1 from model_versions where model_versions.model = registered_models.name and {0})";

    public static Func<Comparison, Condition> On(DbEngine engine) => c => (c.Entity, c.Key) switch
    {
        ("tag", _) => Tags.Of(c.Key, "registered_model_tags t where t.model = registered_models.name"),
        ("metric", _) => new(Metrics.Of(engine), SomeVersion),
        (_, "name") => new("registered_models.name", Sortable: true),
        (_, "creation_timestamp") => new("registered_models.created_ms", Sortable: true),
        (_, "last_updated_timestamp") => new("registered_models.updated_ms", Sortable: true),
        (_, "stage") => new("model_versions.stage", SomeVersion),
        (_, "alias") => new("a.alias", "exists (select 1 from model_aliases a where a.model = registered_models.name and {0})"),
        (_, "owner") => new("registered_models.owner", Sortable: true),
        (_, "project") => new("registered_models.project", Sortable: true),
        _ => throw new InvalidOperationException($"The grammar of models has no key '{c.Key}'."),
    };

    public static object Value(RegisteredModel model, string key) => key switch
    {
        "name" => model.Name,
        "creation_timestamp" => model.CreatedMs,
        "last_updated_timestamp" => model.UpdatedMs,
        "owner" => model.Owner,
        _ => model.Project,
    };
}

/// <summary>Where the keys of a search over versions are found.</summary>
internal static class VersionColumns
{
    public static Func<Comparison, Condition> On(DbEngine engine) => c => (c.Entity, c.Key) switch
    {
        ("tag", _) => Tags.Of(c.Key, "model_version_tags t where t.model = model_versions.model and t.number = model_versions.number"),
        ("metric", _) => new(Metrics.Of(engine)),
        (_, "name") => new("model_versions.model", Sortable: true),
        (_, "version_number") => new("model_versions.number", Sortable: true),
        (_, "version") => new("model_versions.version"),
        (_, "creation_timestamp") => new("model_versions.created_ms", Sortable: true),
        (_, "last_updated_timestamp") => new("model_versions.updated_ms", Sortable: true),
        (_, "run_id") => new("model_versions.run_id"),
        (_, "source_path") => new("model_versions.source"),
        (_, "model_id") => new("model_versions.model_id"),
        (_, "stage") => new("model_versions.stage", Sortable: true),
        (_, "created_by") => new("model_versions.created_by", Sortable: true),
        (_, "alias") => new(
            "a.alias", "exists (select 1 from model_aliases a where a.model = model_versions.model and a.number = model_versions.number and {0})"),
        (_, "owner" or "project") => new($"(select m.{c.Key} from registered_models m where m.name = model_versions.model)"),
        _ => throw new InvalidOperationException($"The grammar of versions has no key '{c.Key}'."),
    };

    public static object Value(ModelVersion version, string key) => key switch
    {
        "name" => version.Model,
        "version_number" => version.Number,
        "creation_timestamp" => version.CreatedMs,
        "last_updated_timestamp" => version.UpdatedMs,
        "stage" => Foundation.EnumName.Of(version.Stage),
        _ => version.CreatedBy,
    };
}

internal static class Tags
{
    /// <summary>MLflow's clients ask for what is no prompt; what does not say so is none.</summary>
    private const string IsPrompt = "mlflow.prompt.is_prompt";

    public static Condition Of(string key, string from)
    {
        var value = $"(select t.value from {from} and t.key = @key)";
        return new(key == IsPrompt ? $"coalesce({value}, 'false')" : value);
    }
}

internal static class Metrics
{
    /// <summary>A finite metric of a version: NaN and infinities, which are stored as text, meet no comparison.</summary>
    public static string Of(DbEngine engine) => engine == DbEngine.Sqlite
        ? "(select j.value from json_each(model_versions.metrics) j where j.key = @key and j.type in ('integer', 'real'))"
        : "(select cast(j.value #>> '{}' as double precision) from json_each(cast(model_versions.metrics as json)) j where j.key = @key and json_typeof(j.value) = 'number')";
}
