using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Registry;
using Slipway.Platform.Registry.Packages;
using Slipway.TestKit;
using static Slipway.Tests.Registry.RegistryKit;

namespace Slipway.Tests.Registry;

/// <summary>What an installation of before this schema has, and what becomes of it.</summary>
public abstract class RegistryUpgradeContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    protected override async Task PrepareAsync()
    {
        // From the schema of today back to the first one of the registry, with a version as it was written then.
        foreach (var statement in new[]
        {
            "delete from schema_migrations where module = 'Registry' and number > 1",
            "drop table model_version_files",
            "drop table deleted_model_versions",
            "drop index model_versions_updated",
            "drop index model_versions_stage",
            "drop index registered_models_project",
        })
        {
            await Db.ExecuteAsync(statement, null, Cancel);
        }

        foreach (var column in new[] { "source", "run_link", "model_id", "not_servable", "manifest", "manifest_key", "manifest_signature" })
        {
            await Db.ExecuteAsync($"alter table model_versions drop column {column}", null, Cancel);
        }

        foreach (var column in new[] { "project", "governed", "promoters" })
        {
            await Db.ExecuteAsync($"alter table registered_models drop column {column}", null, Cancel);
        }
    }

    [Fact]
    public async Task A_version_of_before_is_there_governed_and_signed()
    {
        var kit = new RegistryKit(Db, Folder.Combine("blobs"), Time);
        var file = await kit.Blobs.PutContentAsync(Bytes("the bytes"), Cancel);
        await Db.ExecuteAsync(
            """
            insert into registered_models (name, description, owner, last_number, created_ms, created_by, updated_ms)
            values ('delay', 'Late arrivals.', 'ops', 1, 5, 'carl', 6)
            """,
            null,
            Cancel);
        await Db.ExecuteAsync(
            """
            insert into model_versions (model, number, version, stage, blob_key, blob_bytes, blob_sha256, signature, feature_views, metrics,
              limitations, description, card, created_ms, created_by, updated_ms)
            values ('delay', 1, '1.0.0', 'production', @key, 9, @sha,
              '{"inputs":[{"name":"hour","type":"int64"}],"outputs":[{"name":"probability","type":"float32"}]}', '{}', '{"auc":0.7}', '',
              '', '# By hand', 5, 'carl', 6)
            """,
            c => c.With("key", file.Key).With("sha", file.Sha256),
            Cancel);

        Assert.Equal(1, await new Migrator(Db, Time).MigrateAsync(Cancel));

        var model = await kit.Registry.GetModelAsync(Carl, "delay", Cancel);
        Assert.Equal(("default", true), (model.Project, model.Governed));
        var version = await kit.Registry.GetVersionAsync(Carl, "delay", "production", Cancel);
        Assert.Equal((file, "", (string?)null), (version.File, version.RunLink, version.Source));
        Assert.StartsWith("# By hand\n\n## Purpose\n\nLate arrivals.", (await kit.Cards.GetAsync(Carl, "delay", "1", Cancel)).Markdown, StringComparison.Ordinal);
        await FailsAsync(ErrorKind.FailedPrecondition, () => kit.Packages.LoadAsync("delay", "1", Cancel));
        await new PackageStartup(Db, kit.Get<PackageKeys>(), kit.Packages, kit.Registry, kit.Audit).StartAsync(Cancel);
        Assert.Equal("the bytes"u8.ToArray(), (await kit.Packages.LoadAsync("delay", "1", Cancel)).Bytes);
    }
}

public sealed class RegistryUpgradeOnSqlite() : RegistryUpgradeContract(null);

public sealed class RegistryUpgradeOnPostgres(PostgresServer postgres) : RegistryUpgradeContract(postgres);
