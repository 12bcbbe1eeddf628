using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Tracking;
using Slipway.TestKit;

namespace Slipway.Tests.Tracking;

public abstract class UpgradeContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private readonly PostgresServer? server = postgres;

    [Fact]
    public async Task What_the_first_schema_held_is_there_after_the_upgrade()
    {
        await using var old = server is null
            ? Db.OpenSqlite(Folder.Combine("old.db"))
            : Db.OpenPostgres(await server.CreateDatabaseAsync(Cancel));
        var first = Migrator.Embedded().Where(m => m.Module is "Foundation" or "Access" || (m.Module == "Tracking" && m.Number == 1)).ToList();
        await new Migrator(old, Time).MigrateAsync(first, Cancel);
        foreach (var sql in (string[])
            [
                "insert into experiments (id, name, created_ms, created_by) values (1, 'flights', 10, 'ann'), (2, 'Default', 20, 'bob')",
                "update experiment_numbers set next_number = 3",
                "insert into runs (id, experiment_id, name, status, start_ms, actor) values ('p', 1, 'parent', 'finished', 30, 'ann')",
                "insert into runs (id, experiment_id, name, status, start_ms, parent_id, actor) values ('c', 1, 'child', 'running', 40, 'p', 'ann')",
                "insert into run_tags (run_id, key, value) values ('c', 'team', 'ml')",
                "insert into run_params (run_id, key, value) values ('c', 'rate', '0.1')",
                "insert into metrics (run_id, key, step, ts_ms, kind, value) values ('c', 'auc', 0, 50, 0, 0.5), ('c', 'auc', 1, 60, 0, 0.75)",
                "insert into latest_metrics (run_id, key, step, ts_ms, kind, value) values ('c', 'auc', 1, 60, 0, 0.75)",
                "insert into run_inputs (run_id, name, digest, context, source, row_count) values ('p', 'd', 'x', 'training', 'file', 7), ('c', 'd', 'x', '', 'file', 7)",
            ])
        {
            await old.ExecuteAsync(sql, null, Cancel);
        }

        Time.Advance(TimeSpan.FromDays(1));
        await new Migrator(old, Time).MigrateAsync(Cancel);

        var ann = new Actor("ann", Role.Contributor);
        var experiments = TrackingKit.Experiments(old, Time);
        var tracking = new TrackingService(old, new AccessService(), Time);
        var flights = await experiments.GetAsync(ann, "flights", Cancel);
        Assert.Equal((1L, "default", Lifecycle.Active, 10L, 10L, "ann"), (flights.Id, flights.Project, flights.Lifecycle, flights.CreatedMs, flights.UpdatedMs, flights.CreatedBy));
        Assert.Equal((2L, "Default (0)"), ((await experiments.GetAsync(ann, "Default", Cancel)).Id, (await experiments.GetAsync(ann, 0, Cancel)).Name));
        Assert.Equal(3, (await experiments.CreateAsync(ann, new NewExperiment("new"), Cancel)).Id);

        var child = await tracking.GetRunAsync(ann, "c", Cancel);
        Assert.Equal(
            new Run("c", 1, "child", RunStatus.Running, 40, null, "p", "ann", null, "ann", "mlflow-artifacts:/1/c/artifacts"), child.Run);
        Assert.Equal(
            new Dictionary<string, string> { [RunTags.Name] = "child", [RunTags.Parent] = "p", ["team"] = "ml" }, child.Tags);
        Assert.Equal(new MetricPoint("auc", 0.75, 60, 1), child.Metrics["auc"]);
        Assert.Equal([new DatasetInput("d", "x", "file", 7)], child.Inputs);
        Assert.Equal("training", (await tracking.GetRunAsync(ann, "p", Cancel)).Inputs.Single().Context);
        Assert.Equal(2, (await tracking.MetricHistoryAsync(ann, "c", "auc", null, 10, Cancel)).Items.Count);
        await tracking.LogMetricsAsync(ann, "c", [new MetricPoint("auc", 0.8, 70, 2)], Cancel);
        Assert.Equal(0.8, (await tracking.GetRunAsync(ann, "c", Cancel)).Metrics["auc"].Value);
        Assert.Equal("child", (await tracking.SearchRunsAsync(ann, new RunQuery([1], "metrics.auc > 0.7", [], RunView.Active, null, 5), Cancel)).Items.Single().Run.Name);
    }
}

public sealed class UpgradeOnSqlite() : UpgradeContract(null);

public sealed class UpgradeOnPostgres(PostgresServer postgres) : UpgradeContract(postgres);
