using System.Data.Common;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>What runs read and made: datasets and logged models.</summary>
internal static class RunLinkStore
{
    /// <summary>
    /// A dataset's row belongs to all runs of the experiment that read it, and the first says what it is. What it lacks, a later
    /// one adds.
    /// </summary>
    public static async Task PutInputAsync(
        DbSession session, long experimentId, string run, DatasetInput input, CancellationToken cancel)
    {
        await session.ExecuteAsync(
            """
            insert into datasets (experiment_id, name, digest, source_type, source, schema, profile, row_count)
            values (@experiment, @name, @digest, cast(@type as text), @source, cast(@schema as text), cast(@profile as text),
              cast(@rows as bigint))
            on conflict (experiment_id, name, digest) do update
            set source_type = coalesce(datasets.source_type, excluded.source_type),
              schema = coalesce(datasets.schema, excluded.schema),
              profile = coalesce(datasets.profile, excluded.profile),
              row_count = coalesce(datasets.row_count, excluded.row_count)
            """,
            c => c.With("experiment", experimentId).With("name", input.Name).With("digest", input.Digest).With("type", input.SourceType)
                .With("source", input.Source).With("schema", input.Schema).With("profile", input.Profile).With("rows", input.Rows),
            cancel);
        await session.ExecuteAsync(
            """
            insert into run_inputs (run_id, name, digest, context, tags) values (@run, @name, @digest, @context, cast(@tags as text))
            on conflict (run_id, name, digest, context) do update set tags = coalesce(excluded.tags, run_inputs.tags)
            """,
            c => c.With("run", run).With("name", input.Name).With("digest", input.Digest).With("context", input.Context ?? "")
                .With("tags", input.Tags is { Count: > 0 } tags ? Json.Write(tags) : null),
            cancel);
    }

    public static Task AddModelInputAsync(DbSession session, string run, string model, CancellationToken cancel) => session.ExecuteAsync(
        "insert into run_model_inputs (run_id, model_id) values (@run, @model) on conflict do nothing",
        c => c.With("run", run).With("model", model),
        cancel);

    public static Task PutModelOutputAsync(DbSession session, string run, ModelOutput output, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into run_model_outputs (run_id, model_id, step) values (@run, @model, @step)
            on conflict (run_id, model_id) do update set step = excluded.step
            """,
            c => c.With("run", run).With("model", output.ModelId).With("step", output.Step),
            cancel);

    /// <summary>Whether any of the runs has a dataset or a logged model: most have none, and one question is cheaper than three.</summary>
    public static async Task<bool> AnyAsync(DbSession session, string[] runs, CancellationToken cancel)
    {
        var among = ValueSet.In(session, "runs");
        return await session.FirstAsync(
            $"""
            select case when exists (select 1 from run_inputs where run_id {among}) or exists (select 1 from run_model_inputs where run_id {among})
              or exists (select 1 from run_model_outputs where run_id {among}) then 1 else 0 end
            """,
            c => c.With("runs", ValueSet.Of(session, runs)),
            row => row.GetInt64(0) == 1,
            cancel);
    }

    public static Task<List<(string Run, DatasetInput Input)>> InputsAsync(
        DbSession session, string[] runs, CancellationToken cancel) => session.QueryAsync(
        $"""
        select i.run_id, i.name, i.digest, d.source, d.row_count, i.context, d.source_type, d.schema, d.profile, i.tags
        from run_inputs i
        join runs r on r.id = i.run_id
        join datasets d on d.experiment_id = r.experiment_id and d.name = i.name and d.digest = i.digest
        where i.run_id {ValueSet.In(session, "runs")} order by i.name, i.digest, i.context
        """,
        c => c.With("runs", ValueSet.Of(session, runs)),
        row => (row.GetString(0), ReadInput(row)),
        cancel);

    public static Task<List<(string Run, string Model)>> ModelInputsAsync(
        DbSession session, string[] runs, CancellationToken cancel) => session.QueryAsync(
        $"select run_id, model_id from run_model_inputs where run_id {ValueSet.In(session, "runs")} order by model_id",
        c => c.With("runs", ValueSet.Of(session, runs)),
        row => (row.GetString(0), row.GetString(1)),
        cancel);

    public static Task<List<(string Run, ModelOutput Output)>> ModelOutputsAsync(
        DbSession session, string[] runs, CancellationToken cancel) => session.QueryAsync(
        $"select run_id, model_id, step from run_model_outputs where run_id {ValueSet.In(session, "runs")} order by step, model_id",
        c => c.With("runs", ValueSet.Of(session, runs)),
        row => (row.GetString(0), new ModelOutput(row.GetString(1), row.GetInt64(2))),
        cancel);

    /// <summary>The datasets that active runs of the experiments read, each with every context, by name.</summary>
    /// <param name="projects">Null for all.</param>
    public static Task<List<DatasetSummary>> SummariesAsync(
        DbSession session, long[] experiments, string[]? projects, int max, CancellationToken cancel) => session.QueryAsync(
        $"""
        select distinct r.experiment_id, i.name, i.digest, i.context
        from run_inputs i join runs r on r.id = i.run_id join experiments e on e.id = r.experiment_id
        where r.experiment_id {ValueSet.In(session, "experiments")} and r.deleted_ms is null
          {(projects is null ? "" : $"and e.project {ValueSet.In(session, "projects")}")}
        order by 1, 2, 3, 4 limit @max
        """,
        c =>
        {
            c.With("experiments", ValueSet.Of(session, experiments)).With("max", max);
            _ = projects is null ? c : c.With("projects", ValueSet.Of(session, projects));
        },
        row => new DatasetSummary(row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3)),
        cancel);

    private static DatasetInput ReadInput(DbDataReader row) => new(
        row.GetString(1), row.GetString(2), row.GetString(3), row.Long(4), row.GetString(5), row.Text(6), row.Text(7), row.Text(8),
        row.Text(9) is { } tags ? Json.Read<Dictionary<string, string>>(tags) : null);
}
