using System.Data.Common;
using System.Globalization;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

internal static class LoggedModelStore
{
    public const string Columns =
        """
        id, experiment_id, name, model_type, source_run_id, status, artifact_uri, created_ms, created_by, updated_ms, deleted_ms
        """;

    public const int ColumnCount = 11;

    private static readonly Dictionary<string, string> None = [];

    public static Task InsertAsync(DbSession session, LoggedModel model, CancellationToken cancel) => session.ExecuteAsync(
        """
        insert into logged_models (id, experiment_id, name, model_type, source_run_id, status, artifact_uri, created_ms, created_by, updated_ms)
        select @id, @experiment, @name, @type, cast(@run as text), @status, artifact_location || '/models/' || @id || '/artifacts', @at, @by, @at
        from experiments where id = @experiment
        """,
        c => c.With("id", model.Id).With("experiment", model.ExperimentId).With("name", model.Name).With("type", model.ModelType)
            .With("run", model.SourceRunId).With("status", EnumName.Of(model.Status)).With("at", model.CreatedMs)
            .With("by", model.CreatedBy),
        cancel);

    /// <returns>Without what hangs on it; null also when it is deleted.</returns>
    public static Task<LoggedModel?> FindAsync(DbSession session, string id, CancellationToken cancel) => session.FirstAsync<LoggedModel>(
        $"select {Columns} from logged_models where id = @id and deleted_ms is null", c => c.With("id", id), Read, cancel);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> also when it is deleted.</exception>
    public static async Task<LoggedModel> RequireAsync(DbSession session, string id, CancellationToken cancel) =>
        await FindAsync(session, id, cancel) ?? throw Missing(id);

    /// <summary>The same, and those that are deleted.</summary>
    public static Task<LoggedModel?> FindAnyAsync(DbSession session, string id, CancellationToken cancel) => session.FirstAsync<LoggedModel>(
        $"select {Columns} from logged_models where id = @id", c => c.With("id", id), Read, cancel);

    public static SlipwayException Missing(string id) => SlipwayException.NotFound($"There is no logged model '{id}'.");

    /// <summary>Keeps others from reading and then writing what hangs on it until the transaction ends; SQLite has one writer anyway.</summary>
    public static Task LockAsync(DbSession session, string id, CancellationToken cancel) => session.Engine == DbEngine.Sqlite
        ? Task.CompletedTask
        : session.ExecuteAsync("select 1 from logged_models where id = @id for no key update", c => c.With("id", id), cancel);

    public static Task SetStatusAsync(DbSession session, string id, LoggedModelStatus status, long atMs, CancellationToken cancel) =>
        session.ExecuteAsync(
            "update logged_models set status = @status, updated_ms = @at where id = @id",
            c => c.With("id", id).With("status", EnumName.Of(status)).With("at", atMs),
            cancel);

    /// <param name="deletedMs">Null brings it back.</param>
    /// <returns>0 when it is gone.</returns>
    public static Task<int> SetDeletedAsync(DbSession session, string id, long? deletedMs, long atMs, CancellationToken cancel) =>
        session.ExecuteAsync(
            "update logged_models set deleted_ms = cast(@deleted as bigint), updated_ms = @at where id = @id",
            c => c.With("id", id).With("deleted", deletedMs).With("at", atMs),
            cancel);

    /// <returns>0 when it has another value already.</returns>
    public static Task<int> PutParamAsync(DbSession session, string id, string key, string value, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into logged_model_params (model_id, key, value) values (@id, @key, @value)
            on conflict (model_id, key) do update set value = excluded.value where logged_model_params.value = excluded.value
            """,
            c => c.With("id", id).With("key", key).With("value", value),
            cancel);

    public static Task PutTagAsync(DbSession session, string id, string key, string value, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into logged_model_tags (model_id, key, value) values (@id, @key, @value)
            on conflict (model_id, key) do update set value = excluded.value
            """,
            c => c.With("id", id).With("key", key).With("value", value),
            cancel);

    /// <returns>0 when there is none of this key.</returns>
    public static Task<int> RemoveTagAsync(DbSession session, string id, string key, CancellationToken cancel) => session.ExecuteAsync(
        "delete from logged_model_tags where model_id = @id and key = @key", c => c.With("id", id).With("key", key), cancel);

    /// <summary>The same models with their params, tags and metrics.</summary>
    public static async Task<List<LoggedModel>> WithDetailAsync(
        DbSession session, IReadOnlyList<LoggedModel> models, CancellationToken cancel)
    {
        string[] ids = [.. models.Select(model => model.Id)];
        var values = await PairsAsync(session, "logged_model_params", ids, cancel);
        var tags = await PairsAsync(session, "logged_model_tags", ids, cancel);
        var metrics = await MetricsAsync(session, ids, cancel);
        return
        [
            .. models.Select(model => model with
            {
                Params = values[model.Id].ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal),
                Tags = tags[model.Id].ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal),
                Metrics = [.. metrics[model.Id]],
            }),
        ];
    }

    public static LoggedModel Read(DbDataReader row)
    {
        var (id, experiment) = (row.GetString(0), row.GetInt64(1));
        return new LoggedModel(
            id, experiment, row.GetString(2), row.GetString(3), row.Text(4),
            EnumName.Parse<LoggedModelStatus>(row.GetString(5), "status"),
            row.Text(6) ?? string.Create(CultureInfo.InvariantCulture, $"mlflow-artifacts:/{experiment}/models/{id}/artifacts"),
            row.GetInt64(7), row.GetString(8), row.GetInt64(9), row.IsDBNull(10) ? Lifecycle.Active : Lifecycle.Deleted, None, None, []);
    }

    private static async Task<ILookup<string, (string Model, string Key, string Value)>> PairsAsync(
        DbSession session, string table, string[] ids, CancellationToken cancel) => (await session.QueryAsync(
        $"select model_id, key, value from {table} where model_id {ValueSet.In(session, "ids")} order by key",
        c => c.With("ids", ValueSet.Of(session, ids)),
        row => (Model: row.GetString(0), Key: row.GetString(1), Value: row.GetString(2)),
        cancel)).ToLookup(pair => pair.Model);

    /// <summary>The latest point of each key, dataset and run.</summary>
    private static async Task<ILookup<string, RunMetricPoint>> MetricsAsync(DbSession session, string[] ids, CancellationToken cancel) =>
        (await session.QueryAsync(
            $"""
            select model_id, run_id, key, step, ts_ms, kind, value, dataset_name, dataset_digest from (
              select l.*, row_number() over (
                partition by model_id, key, dataset_name, dataset_digest, run_id
                order by step desc, ts_ms desc, kind desc, value desc) as place
              from logged_model_metrics l where model_id {ValueSet.In(session, "ids")}) latest
            where place = 1 order by key, dataset_name, dataset_digest, run_id
            """,
            c => c.With("ids", ValueSet.Of(session, ids)),
            row => (Model: row.GetString(0), Point: new RunMetricPoint(row.GetString(1), ReadPoint(row))),
            cancel)).ToLookup(found => found.Model, found => found.Point);

    private static MetricPoint ReadPoint(DbDataReader row)
    {
        var point = new MetricRow(row.GetString(2), row.GetInt64(3), row.GetInt64(4), row.GetInt32(5), row.GetDouble(6)).ToPoint();
        return row.GetString(7) is { Length: > 0 } dataset
            ? point with { ModelId = row.GetString(0), DatasetName = dataset, DatasetDigest = row.GetString(8) }
            : point with { ModelId = row.GetString(0) };
    }
}
