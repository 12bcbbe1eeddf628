using System.Data.Common;
using Slipway.Core.Data;
using Slipway.Core.Versioning;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Registry;

/// <summary>Model versions, their tags, cards and the history of their stages.</summary>
internal static class VersionStore
{
    // A search that finds many models reads their tags in several statements, each of a length that every engine takes.
    private const int ModelsAtOnce = 500;

    internal const string Columns =
        """
        model, number, version, stage, run_id, artifact, blob_key, blob_bytes, blob_sha256, signature, feature_service, feature_views,
        metrics, training_window, limitations, description, created_ms, created_by, updated_ms, source, run_link, model_id, not_servable
        """;

    public static Task InsertAsync(DbSession session, ModelVersion v, string? requestKey, CancellationToken cancel) =>
        session.ExecuteAsync(
            $"""
            insert into model_versions ({Columns}, request_key)
            values (@model, @number, @version, @stage, cast(@run as text), cast(@artifact as text), @blob, @bytes, @sha, @signature,
              cast(@service as text), @views, @metrics, cast(@window as text), @limitations, @description, @at, @by, @at,
              cast(@source as text), @link, cast(@model_id as text), cast(@not_servable as text), cast(@key as text))
            """,
            c => c.With("model", v.Model).With("number", v.Number).With("version", v.Version.ToString())
                .With("stage", EnumName.Of(v.Stage)).With("run", v.RunId).With("artifact", v.Artifact)
                .With("blob", v.File?.Key ?? "").With("bytes", v.File?.Bytes ?? 0).With("sha", v.File?.Sha256 ?? "").With("signature", Json.Write(v.Signature))
                .With("service", v.FeatureService).With("views", Json.Write(v.FeatureViews))
                .With("metrics", Json.Write(v.Metrics))
                .With("window", v.TrainingWindow is null ? null : Json.Write(v.TrainingWindow))
                .With("limitations", v.Limitations).With("description", v.Description).With("at", v.CreatedMs)
                .With("by", v.CreatedBy).With("source", v.Source).With("link", v.RunLink).With("model_id", v.ModelId)
                .With("not_servable", v.NotServable).With("key", requestKey),
            cancel);

    public static Task<ModelVersion?> FindAsync(DbSession session, string model, int number, CancellationToken cancel) =>
        FirstAsync(session, "number = @number", c => c.With("model", model).With("number", number), cancel);

    public static Task<ModelVersion?> FindAsync(
        DbSession session, string model, SemanticVersion version, CancellationToken cancel) =>
        FirstAsync(session, "version = @version", c => c.With("model", model).With("version", version.ToString()), cancel);

    /// <summary>The newest version in a stage.</summary>
    public static Task<ModelVersion?> FindAsync(DbSession session, string model, Stage stage, CancellationToken cancel) =>
        FirstAsync(session, "stage = @stage", c => c.With("model", model).With("stage", EnumName.Of(stage)), cancel);

    public static Task<ModelVersion?> FindRequestAsync(
        DbSession session, string model, string? runId, string requestKey, CancellationToken cancel) => FirstAsync(
        session,
        "request_key = @key and coalesce(run_id, '') = @run",
        c => c.With("model", model).With("key", requestKey).With("run", runId ?? ""),
        cancel);

    /// <summary>Highest number first.</summary>
    public static async Task<List<ModelVersion>> ListAsync(
        DbSession session, string model, int before, int max, CancellationToken cancel)
    {
        var versions = await session.QueryAsync(
            $"select {Columns} from model_versions where model = @model and number < @before order by number desc limit @max",
            c => c.With("model", model).With("before", before).With("max", max),
            Read,
            cancel);
        return await WithDetailAsync(session, versions, cancel);
    }

    /// <summary>All that are or were.</summary>
    public static Task<List<SemanticVersion>> VersionsAsync(DbSession session, string model, CancellationToken cancel) =>
        session.QueryAsync(
            """
            select version from model_versions where model = @model
            union all select version from deleted_model_versions where model = @model
            """,
            c => c.With("model", model),
            row => SemanticVersion.Parse(row.GetString(0)),
            cancel);

    /// <summary>Moves a version and keeps the move. The caller holds the model's lock.</summary>
    public static async Task MoveAsync(
        DbSession session, string model, StageTransition transition, CancellationToken cancel)
    {
        await session.ExecuteAsync(
            "update model_versions set stage = @to, updated_ms = @at where model = @model and number = @number",
            c => c.With("model", model).With("number", transition.Number).With("to", EnumName.Of(transition.To))
                .With("at", transition.AtMs),
            cancel);
        await session.ExecuteAsync(
            """
            insert into model_transitions (model, seq, number, from_stage, to_stage, actor, approval_id, reason, at_ms)
            select @model, coalesce(max(seq), 0) + 1, @number, @from, @to, @actor, cast(@approval as text), @reason, @at
            from model_transitions where model = @model
            """,
            c => c.With("model", model).With("number", transition.Number).With("from", EnumName.Of(transition.From))
                .With("to", EnumName.Of(transition.To)).With("actor", transition.Actor)
                .With("approval", transition.ApprovalId).With("reason", transition.Reason).With("at", transition.AtMs),
            cancel);
    }

    /// <summary>All versions in a stage, highest number first.</summary>
    public static async Task<List<ModelVersion>> InStageAsync(DbSession session, string model, Stage stage, CancellationToken cancel) =>
        await WithDetailAsync(
            session,
            await session.QueryAsync(
                $"select {Columns} from model_versions where model = @model and stage = @stage order by number desc",
                c => c.With("model", model).With("stage", EnumName.Of(stage)),
                Read,
                cancel),
            cancel);

    /// <summary>The newest version in each stage, of each of the models.</summary>
    public static async Task<List<ModelVersion>> LatestAsync(DbSession session, IEnumerable<string> models, CancellationToken cancel)
    {
        var names = new NameList(models);
        var latest = await session.QueryAsync(
            $"""
            select {Columns} from model_versions
            where (model, number) in (select model, max(number) from model_versions where model in ({names}) group by model, stage)
            order by model, number
            """,
            names.BindTo,
            Read,
            cancel);
        return await WithDetailAsync(session, latest, cancel);
    }

    public static Task ChangeAsync(DbSession session, ModelVersion version, CancellationToken cancel) => session.ExecuteAsync(
        """
        update model_versions set description = @description, limitations = @limitations, updated_ms = @at
        where model = @model and number = @number
        """,
        c => c.With("model", version.Model).With("number", version.Number).With("description", version.Description)
            .With("limitations", version.Limitations).With("at", version.UpdatedMs),
        cancel);

    /// <summary>The version with all that hangs on it; its name stays taken.</summary>
    public static async Task DeleteAsync(DbSession session, ModelVersion version, CancellationToken cancel)
    {
        Action<DbParameters> one = c => c.With("model", version.Model).With("number", version.Number);
        foreach (var table in new[] { "model_aliases", "model_version_tags", "model_transitions", "model_version_files", "model_versions" })
        {
            await session.ExecuteAsync($"delete from {table} where model = @model and number = @number", one, cancel);
        }

        await session.ExecuteAsync(
            "insert into deleted_model_versions (model, version, number) values (@model, @version, @number)",
            c => c.With("model", version.Model).With("version", version.Version.ToString()).With("number", version.Number),
            cancel);
    }

    public static Task<List<StageTransition>> TransitionsAsync(DbSession session, string model, int number, CancellationToken cancel) =>
        session.QueryAsync(
            """
            select seq, number, from_stage, to_stage, actor, approval_id, reason, at_ms from model_transitions
            where model = @model and number = @number order by seq
            """,
            c => c.With("model", model).With("number", number),
            row => new StageTransition(
                row.GetInt64(0), row.GetInt32(1), EnumName.Parse<Stage>(row.GetString(2), "stage"),
                EnumName.Parse<Stage>(row.GetString(3), "stage"), row.GetString(4), row.Text(5), row.GetString(6), row.GetInt64(7)),
            cancel);

    public static Task<string?> CardAsync(DbSession session, string model, int number, CancellationToken cancel) =>
        session.FirstAsync(
            "select card from model_versions where model = @model and number = @number",
            c => c.With("model", model).With("number", number),
            row => row.Text(0),
            cancel);

    public static Task PutCardAsync(
        DbSession session, string model, int number, string? card, long nowMs, CancellationToken cancel) => session.ExecuteAsync(
        "update model_versions set card = cast(@card as text), updated_ms = @now where model = @model and number = @number",
        c => c.With("model", model).With("number", number).With("card", card).With("now", nowMs),
        cancel);

    public static Task PutTagAsync(
        DbSession session, string model, int number, string key, string value, CancellationToken cancel) => session.ExecuteAsync(
        """
        insert into model_version_tags (model, number, key, value) values (@model, @number, @key, @value)
        on conflict (model, number, key) do update set value = excluded.value
        """,
        c => c.With("model", model).With("number", number).With("key", key).With("value", value),
        cancel);

    /// <returns>0 when there was none.</returns>
    public static Task<int> DeleteTagAsync(
        DbSession session, string model, int number, string key, CancellationToken cancel) => session.ExecuteAsync(
        "delete from model_version_tags where model = @model and number = @number and key = @key",
        c => c.With("model", model).With("number", number).With("key", key),
        cancel);

    public static Task TouchAsync(DbSession session, string model, int number, long nowMs, CancellationToken cancel) => session.ExecuteAsync(
        "update model_versions set updated_ms = @now where model = @model and number = @number",
        c => c.With("model", model).With("number", number).With("now", nowMs),
        cancel);

    private static async Task<ModelVersion?> FirstAsync(
        DbSession session, string condition, Action<DbParameters> bind, CancellationToken cancel) =>
        await session.FirstAsync<ModelVersion>(
            $"select {Columns} from model_versions where model = @model and {condition} order by number desc limit 1",
            bind,
            Read,
            cancel) is { } version
            ? (await WithDetailAsync(session, [version], cancel))[0]
            : null;

    public static async Task<List<ModelVersion>> WithDetailAsync(
        DbSession session, List<ModelVersion> versions, CancellationToken cancel)
    {
        if (versions.Count == 0)
        {
            return versions;
        }

        var (first, last) = (versions.Min(v => v.Number), versions.Max(v => v.Number));
        var tags = new List<(string Model, int Number, string Key, string Value)>();
        var aliases = new List<(string Model, int Number, string Alias)>();
        foreach (var some in versions.Select(v => v.Model).Distinct().Chunk(ModelsAtOnce))
        {
            var names = new NameList(some);
            Action<DbParameters> range = c => names.BindTo(c.With("first", first).With("last", last));
            tags.AddRange(await session.QueryAsync(
                $"""
                select model, number, key, value from model_version_tags
                where model in ({names}) and number >= @first and number <= @last order by key
                """,
                range,
                row => (row.GetString(0), row.GetInt32(1), row.GetString(2), row.GetString(3)),
                cancel));
            aliases.AddRange(await session.QueryAsync(
                $"select model, number, alias from model_aliases where model in ({names}) and number >= @first and number <= @last order by alias",
                range,
                row => (row.GetString(0), row.GetInt32(1), row.GetString(2)),
                cancel));
        }

        var (tagsOf, aliasesOf) = (tags.ToLookup(t => (t.Model, t.Number)), aliases.ToLookup(a => (a.Model, a.Number), a => a.Alias));
        return
        [
            .. versions.Select(version => version with
            {
                Tags = tagsOf[(version.Model, version.Number)].ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal),
                Aliases = [.. aliasesOf[(version.Model, version.Number)]],
            }),
        ];
    }

    internal static ModelVersion Read(DbDataReader row) => new(
        row.GetString(0), row.GetInt32(1), SemanticVersion.Parse(row.GetString(2)),
        EnumName.Parse<Stage>(row.GetString(3), "stage"), row.Text(4), row.Text(5),
        row.GetString(6) is { Length: > 0 } key ? new BlobInfo(key, row.GetInt64(7), row.GetString(8)) : null,
        row.GetString(9) is var signature && signature == "null" ? null : Json.Read<ModelSignature>(signature),
        row.Text(10), Json.Read<Dictionary<string, string>>(row.GetString(11)),
        Json.Read<Dictionary<string, double>>(row.GetString(12)),
        row.Text(13) is { } window ? Json.Read<TrainingWindow>(window) : null, row.GetString(14), row.GetString(15),
        row.GetInt64(16), row.GetString(17), row.GetInt64(18), [], new Dictionary<string, string>())
    {
        Source = row.Text(19),
        RunLink = row.GetString(20),
        ModelId = row.Text(21),
        NotServable = row.Text(22),
    };
}
