using System.Buffers;
using System.Text;
using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Platform.Features;
using Slipway.Platform.Features.Online;
using Slipway.TestKit;
using static Slipway.Tests.Features.WeatherFeatures;

namespace Slipway.Tests.Features;

/// <summary>What a read tells about a value is the same wherever the rows are kept.</summary>
public abstract class OnlineStatusContract(PostgresServer? postgres, RedisServer? redis) : OnEveryWeatherStore(postgres, redis)
{
    [Fact]
    public async Task Missing_null_and_expired_are_told_apart()
    {
        await Features.MaterialiseAsync("run", "weather", Weather(("ORD", 10, 10, 5), ("DEN", 10, 10, null)), 100, Cancel);
        Assert.Equal(
            [(5, FeatureStatus.Present), (null, FeatureStatus.NullValue), (null, FeatureStatus.NotFound), (null, FeatureStatus.NotFound)],
            await Features.ReadAsync(11, Cancel, "ORD", "DEN", "XXX", null));
        Assert.Equal(
            [(null, FeatureStatus.OutsideMaxAge), (null, FeatureStatus.OutsideMaxAge), (null, FeatureStatus.NotFound)],
            await Features.ReadAsync(12.01, Cancel, "ORD", "DEN", "XXX"));
    }

    [Fact]
    public async Task A_value_is_given_up_to_its_ttl_and_at_it()
    {
        await Features.MaterialiseAsync("run", "weather", Weather(("ORD", 10, 10, 5)), 100, Cancel);
        Assert.Equal([(5, FeatureStatus.Present)], await Features.ReadAsync(12, Cancel, "ORD"));
        Assert.Equal([(null, FeatureStatus.OutsideMaxAge)], await Features.ReadAsync(12 + 1e-9, Cancel, "ORD"));
    }

    [Fact]
    public async Task A_row_that_does_not_say_when_it_was_written_loses_the_tie()
    {
        await Features.MaterialiseAsync("run", "weather", Weather(("ORD", 10, 3, 5), ("ORD", 10, null, 6), ("DEN", 10, null, 7)), 100, Cancel);
        Assert.Equal([(5, FeatureStatus.Present), (7, FeatureStatus.Present)], await Features.ReadAsync(11, Cancel, "ORD", "DEN"));
        await Features.MaterialiseAsync("again", "weather", Weather(("ORD", 10, null, 8), ("DEN", 10, 1, 9)), 100, Cancel);
        Assert.Equal([(5, FeatureStatus.Present), (9, FeatureStatus.Present)], await Features.ReadAsync(11, Cancel, "ORD", "DEN"));
    }

    /// <summary>Written by hand after the REST reference, and equal for columns and for packed rows.</summary>
    [Fact]
    public async Task Json_is_written_straight_from_the_packed_rows()
    {
        await Features.MaterialiseAsync("run", "weather", Weather(("ORD", 10, 10, 5.5), ("DEN", 10, 10, null), ("Ä\"", 10, 10, double.NaN)), 100, Cancel);
        var plan = await Features.Registry.GetServiceAsync("weather_service", Cancel);
        var request = new Table([
            Column.String("airport", ["ORD", "DEN", "XXX", "Ä\""]), Column.Timestamp("event_timestamp", [11 * Hour, 11 * Hour, 11 * Hour, 13 * Hour])]);
        Assert.Equal(
            """
            {"service":"weather_service","version":1,"columns":["temperature","sky","fahrenheit"],
            "values":{"temperature":[5.5,null,null,null],"sky":["sky 5.5",null,null,null],"fahrenheit":[41.9,null,null,null]},
            "statuses":{"temperature":["present","null_value","not_found","outside_max_age"],
            "sky":["present","null_value","not_found","outside_max_age"],"fahrenheit":["present","null_value","null_value","null_value"]},
            "eventTimes":{"temperature":["1970-01-01T10:00:00+00:00","1970-01-01T10:00:00+00:00",null,"1970-01-01T10:00:00+00:00"],
            "sky":["1970-01-01T10:00:00+00:00","1970-01-01T10:00:00+00:00",null,"1970-01-01T10:00:00+00:00"],"fahrenheit":[null,null,null,null]}}
            """.ReplaceLineEndings(""),
            Json(await Features.Online.ReadAsync(plan, request, Cancel)));
    }

    [Fact]
    public async Task A_default_stands_in_for_what_is_missing()
    {
        await Features.MaterialiseAsync("run", "delays", Delays(("ORD", 1, "US", 10, 30)), 100, Cancel);
        var plan = await Features.Registry.GetServiceAsync("delay_service", Cancel);
        var request = new Table([Column.String("airport", ["ORD", "ORD"]), Column.Int64("carrier", [1, 2]), Column.String("country", ["US", "US"])]);
        Assert.StartsWith(
            """{"service":"delay_service","version":1,"columns":["minutes"],"values":{"minutes":[30,7]},"statuses":{"minutes":["present","not_found"]}""",
            Json(await Features.Online.ReadAsync(plan, request, Cancel)), StringComparison.Ordinal);
    }

    private static string Json(OnlineRead read)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = Platform.Foundation.Json.Options.Encoder }))
        {
            read.WriteJson(json);
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}

public sealed class OnlineStatusOnSqlite() : OnlineStatusContract(null, null);

public sealed class OnlineStatusOnPostgres(PostgresServer postgres) : OnlineStatusContract(postgres, null);

public sealed class OnlineStatusOnRedis(RedisServer redis) : OnlineStatusContract(null, redis);
