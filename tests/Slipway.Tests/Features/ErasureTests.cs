using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features;
using Slipway.Platform.Features.Erasure;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Online;
using Slipway.TestKit;
using static Slipway.Tests.Features.WeatherFeatures;

namespace Slipway.Tests.Features;

public abstract class ErasureContract(PostgresServer? postgres, RedisServer? redis) : OnEveryOnlineStore(postgres, redis)
{
    private static readonly Actor Admin = new("ann", Role.Admin);

    private WeatherFeatures features = null!;

    protected override async Task PrepareAsync()
    {
        await base.PrepareAsync();
        features = await WeatherFeatures.OpenAsync(Db, Time, Open(), Cancel);
    }

    protected override async Task CleanUpAsync()
    {
        features?.Dispose();
        await base.CleanUpAsync();
    }

    private static ErasureRequest Request(string entity, string keys) => new(entity, JsonDocument.Parse(keys).RootElement);

    private static Table TwoAirports => Weather(("ORD", 10, 10, 5), ("DEN", 10, 10, 6));

    [Fact]
    public async Task An_erased_entity_is_gone_online_and_no_materialisation_brings_it_back()
    {
        await features.MaterialiseAsync("one", "weather", TwoAirports, 100, Cancel);
        var report = await features.Erasure.EraseAsync(Request("airport", """{"airport":["ORD","XXX"]}"""), Admin, Cancel);
        Assert.Equal((2, true), (report.Erased, report.Verified));
        Assert.Contains(new ErasedView("weather@1", 1), report.Views);
        await features.MaterialiseAsync("two", "weather", Weather(("ORD", 11, 11, 7), ("DEN", 11, 11, 8)), 100, Cancel);
        await features.Store.WriteAsync("weather@1", [new OnlineRow(Keys("ORD").ToArray(0), 12 * Hour, 1, [1])], Cancel);
        Assert.Equal([(null, FeatureStatus.NotFound), (8, FeatureStatus.Present)], await features.ReadAsync(12, Cancel, "ORD", "DEN"));
    }

    [Fact]
    public async Task A_training_set_holds_nothing_of_an_erased_entity()
    {
        await features.Erasure.EraseAsync(Request("airport", """{"airport":["ORD"]}"""), Admin, Cancel);
        var entities = new Table([Column.String("airport", ["ORD", "DEN"]), Column.Timestamp("event_timestamp", [11 * Hour, 11 * Hour])]);
        var sources = new Dictionary<string, SourceData> { ["weather"] = SourceData.Of(TwoAirports) };
        var rows = await features.TrainingSets.BuildAsync("weather_service", entities, sources, Cancel);
        Assert.Equal([null, 6.0], new[] { rows["temperature"].Value(0), rows["temperature"].Value(1) });
    }

    [Fact]
    public async Task A_training_set_holds_nothing_of_an_entity_that_is_part_of_a_key()
    {
        await features.Erasure.EraseAsync(Request("airline", """{"carrier":[1],"country":["US"]}"""), Admin, Cancel);
        var entities = new Table(
        [
            Column.String("airport", ["ORD", "ORD", "ORD", "ORD"]), Column.Int64("carrier", [1, 1, 2, 1]), Column.String("country", ["US", "CA", "US", null]),
            Column.Timestamp("event_timestamp", [11 * Hour, 11 * Hour, 11 * Hour, 11 * Hour]),
        ]);
        var sources = new Dictionary<string, SourceData>
        {
            ["delays"] = SourceData.Of(Delays(("ORD", 1, "US", 10, 3), ("ORD", 1, "CA", 10, 4), ("ORD", 2, "US", 10, 5))),
        };
        var rows = await features.TrainingSets.BuildAsync("delay_service", entities, sources, Cancel);

        // Seven is the feature's default.
        Assert.Equal([7L, 4L, 5L, 7L], Enumerable.Range(0, 4).Select(row => rows["minutes"].Value(row)));
    }

    [Fact]
    public async Task A_part_of_a_key_takes_all_that_it_is_a_part_of()
    {
        await features.MaterialiseAsync(
            "one", "delays", Delays(("ORD", 1, "US", 10, 1), ("DEN", 1, "US", 10, 2), ("DEN", 1, "CA", 10, 3), ("ORD", 2, "US", 10, 4)), 100, Cancel);
        var report = await features.Erasure.EraseAsync(Request("airline", """{"carrier":[1],"country":["US"]}"""), Admin, Cancel);
        Assert.Equal([new ErasedView("delays@1", 2)], report.Views);
        Assert.True(report.Verified);
        await features.MaterialiseAsync("two", "delays", Delays(("SFO", 1, "US", 10, 5), ("SFO", 2, "US", 10, 6)), 100, Cancel);
        Assert.Equal(3, (await features.Store.KeysAsync("delays@1", Cancel).ToListAsync(Cancel)).Count);
    }

    [Fact]
    public async Task Another_server_honours_the_list_at_once_and_a_lift_too()
    {
        await using var db = OpenAgain();
        using var other = await WeatherFeatures.OpenAsync(db, Time, Open(db), Cancel);
        if (Db.Engine == Platform.Foundation.Database.DbEngine.Postgres)
        {
            await other.MaterialiseAsync("zero", "weather", TwoAirports, 100, Cancel);
        }

        await features.Erasure.EraseAsync(Request("airport", """{"airport":["ORD"]}"""), Admin, Cancel);
        await other.MaterialiseAsync("one", "weather", TwoAirports, 100, Cancel);
        Assert.Equal(FeatureStatus.NotFound, (await other.ReadAsync(11, Cancel, "ORD"))[0].Status);
        await features.Erasure.LiftAsync(Request("airport", """{"airport":["ORD"]}"""), Admin, Cancel);
        await features.MaterialiseAsync("two", "weather", TwoAirports, 100, Cancel);
        Assert.Equal([(5, FeatureStatus.Present)], await features.ReadAsync(11, Cancel, "ORD"));
    }

    [Fact]
    public async Task An_erasure_that_comes_between_check_and_write_still_wins()
    {
        var request = Request("airport", """{"airport":["ORD"]}""");
        var late = new OnlineStore(new WatchedStore(Open(), _ => features.Erasure.EraseAsync(request, Admin, Cancel)), features.Erasures);
        await late.WriteAsync("weather@1", [new OnlineRow(Keys("ORD").ToArray(0), Hour, 1, [1])], Cancel);
        Assert.Null((await features.Store.ReadAsync("weather@1", Keys("ORD"), Cancel))[0]);
    }

    [Fact]
    public async Task Only_an_administrator_erases_and_only_what_is_there()
    {
        var forbidden = await Assert.ThrowsAsync<SlipwayException>(
            () => features.Erasure.EraseAsync(Request("airport", """{"airport":["ORD"]}"""), new Actor("bob", Role.Approver), Cancel));
        Assert.Equal(ErrorKind.Forbidden, forbidden.Kind);
        var unknown = await Assert.ThrowsAsync<SlipwayException>(() => features.Erasure.EraseAsync(Request("person", "{}"), Admin, Cancel));
        Assert.Equal("There is no entity 'person'; there are airline, airport.", unknown.Message);
        var none = await Assert.ThrowsAsync<SlipwayException>(() => features.Erasure.EraseAsync(Request("airport", """{"airport":[null]}"""), Admin, Cancel));
        Assert.Equal("Row 0: a key of entity 'airport' is null.", none.Message);
    }
}

public sealed class ErasureOnSqlite() : ErasureContract(null, null);

public sealed class ErasureOnPostgres(PostgresServer postgres) : ErasureContract(postgres, null);

public sealed class ErasureOnRedis(RedisServer redis) : ErasureContract(null, redis);
