using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Database;
using Slipway.TestKit;

namespace Slipway.Tests.Features;

/// <summary>What an installation of before versions of services were kept has, and what becomes of it.</summary>
public abstract class FeatureUpgradeContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private const string Yaml =
        """
        entities:
          - {name: shop, join_keys: [{name: shop, type: string}]}
        feature_views:
          - {name: sales, kind: batch, entities: [shop], ttl: 2h, source: {path: sales.parquet}, features: [{name: revenue, type: float64}]}
        feature_services:
          - {name: pricing, features: [{view: sales}]}
          - {name: stock, features: [{view: sales}]}
        """;

    private static readonly Actor Me = new("me", Role.Admin);

    /// <summary>Definitions as they were applied then, twice over: of the first versions nobody knows any more what they were made of.</summary>
    protected override async Task PrepareAsync()
    {
        var before = Open();
        await before.ApplyAsync(Parse(Yaml), Me, Cancel);
        await before.ApplyAsync(Parse(Yaml.Replace("2h", "3h", StringComparison.Ordinal)), Me, Cancel);
        foreach (var statement in new[]
        {
            "delete from schema_migrations where module = 'Features' and number > 3",
            "alter table feature_materialisations drop column violations",
            "drop table feature_pins",
            "drop table feature_reads",
            "alter table feature_definitions drop column uses",
        })
        {
            await Db.ExecuteAsync(statement, null, Cancel);
        }

        await new Migrator(Db, Time).MigrateAsync(Cancel);
    }

    [Fact]
    public async Task Services_of_before_are_read_as_before()
    {
        var registry = Open();
        Assert.Equal(("pricing@2", "sales@2"), await NamesAsync(registry, "pricing"));
        Assert.Equal(("pricing@2", "sales@2"), await NamesAsync(registry, "pricing@2"));
        Assert.Empty(await registry.PinsAsync(Cancel));
        Assert.All(await registry.ListAsync(DefinitionKind.Service, Cancel), service => Assert.Null(service.Uses));
        Assert.Equal(ErrorKind.FailedPrecondition, (await Assert.ThrowsAsync<SlipwayException>(() => NamesAsync(registry, "pricing@1"))).Kind);
    }

    [Fact]
    public async Task A_model_of_before_follows_what_is_in_force_and_one_of_now_is_pinned()
    {
        var registry = Open();
        var pinned = await registry.PinAsync(Me, "pricing", Cancel);
        await registry.ApplyAsync(Parse(Yaml.Replace("2h", "4h", StringComparison.Ordinal)), Me, Cancel);

        Assert.Equal(("pricing@3", "sales@3"), await NamesAsync(registry, "pricing"));
        Assert.Equal("pricing@2", pinned!.Service);
        Assert.Equal(("pricing@2", "sales@2"), await NamesAsync(registry, pinned.Service));
        Assert.Equal(("pricing@2", "sales@2"), await NamesAsync(Open(), pinned.Service));
    }

    [Fact]
    public async Task The_first_apply_remembers_what_services_that_it_does_not_name_are_made_of()
    {
        await Open().ApplyAsync(Parse(Yaml.Replace("  - {name: stock, features: [{view: sales}]}\n", "", StringComparison.Ordinal)
            .Replace("2h", "4h", StringComparison.Ordinal)), Me, Cancel);

        var versions = await Open().VersionsAsync(DefinitionKind.Service, "stock", Cancel);
        Assert.Equal([3, 2, 1], versions.Select(version => version.Version));
        Assert.Equal(["entity/shop@1", "view/sales@3"], versions[0].Uses);
        Assert.Equal(["entity/shop@1", "view/sales@2"], versions[1].Uses);
        Assert.Null(versions[2].Uses);
    }

    private FeatureRegistryService Open() => new(Db, new AuditLog(Db, Time), Time);

    private static FeatureRepository Parse(string yaml) => FeatureRepository.Parse(("shops.yaml", yaml));

    private static async Task<(string Service, string View)> NamesAsync(FeatureRegistryService registry, string service) =>
        await registry.GetServiceAsync(service, Cancel) is var plan ? (plan.Key, Assert.Single(plan.Lookups).View.Key) : default;
}

public sealed class FeatureUpgradeOnSqlite() : FeatureUpgradeContract(null);

public sealed class FeatureUpgradeOnPostgres(PostgresServer postgres) : FeatureUpgradeContract(postgres);
