using System.Text.Json;
using Slipway.Client;
using Slipway.Core.Errors;

namespace Slipway.Tests.Features;

/// <summary>Features through the client: pushed, read online, and joined at the time of each row.</summary>
public sealed class FeatureClientTests : IAsyncLifetime
{
    private const string Yaml =
        """
        entities:
          - {name: pump, join_keys: [{name: pump, type: string}]}
        sources:
          - {name: readings, push: true, columns: [{name: pump, type: string}, {name: at, type: timestamp}, {name: bar, type: float64}]}
        feature_views:
          - {name: pressure, kind: batch, entities: [pump], ttl: 2h, source: {name: readings, event_timestamp: at}, features: [{name: bar, type: float64, deprecated: {on: 2026-12-31}}]}
        feature_services:
          - {name: pumps, features: [{view: pressure}]}
        """;

    private Hosting.RunningHost host = null!;
    private SlipwayClient client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        host = await Hosting.RunningHost.StartAsync();
        client = new SlipwayClient(host.Http.BaseAddress!);
        await client.Features.ApplyAsync([new("pumps.yaml", Yaml)], Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await host.DisposeAsync();
    }

    private static NewRows Rows(params string[] rows) => new("readings", [.. rows.Select(row => JsonElement.Parse(row))]);

    [Fact]
    public async Task What_is_pushed_is_read_online_and_joined_at_the_time_of_each_row()
    {
        var rows = Rows("""{"pump": "a", "at": "2026-01-01T08:00:00Z", "bar": 5}""", """{"pump": "a", "at": "2026-01-01T09:00:00Z", "bar": 7}""");
        rows = rows with { Ids = ["1", "2"] };
        Assert.Equal(new PushedRows(2, 0, 2), await client.Features.PushAsync(rows, Cancel));
        var again = await client.Features.PushAsync(rows, Cancel);
        Assert.Equal((0, 2), (again.Added, again.Duplicates));

        var online = await client.Features.GetOnlineAsync(
            "pumps", JsonElement.Parse("""{"pump": ["a"], "event_timestamp": ["2026-01-01T10:00:00Z"]}"""), cancel: Cancel);
        Assert.Equal(7, online.Values["bar"][0].GetDouble());

        // Two hours old is not too old, a microsecond more is; before the first row there is nothing.
        var set = await client.Features.BuildTrainingSetAsync(
            "pumps",
            JsonElement.Parse(
                """
                {"pump": ["a", "a", "a", "b"],
                 "event_timestamp": ["2026-01-01T08:59:59Z", "2026-01-01T11:00:00Z", "2026-01-01T11:00:00.000001Z", "2026-01-01T09:00:00Z"]}
                """),
            Cancel);
        Assert.Equal(("pumps@1", "pump event_timestamp bar"), (set.Service, string.Join(' ', set.Columns)));
        Assert.Equal("5 7 null null", string.Join(' ', set.Values["bar"].Select(value => value.GetRawText())));
        Assert.Equal(["Feature 'pressure:bar' is deprecated from 2026-12-31 on."], set.Warnings);
        Assert.Empty(set.Violations);
    }

    [Fact]
    public async Task Rows_for_one_store_do_not_come_into_the_other()
    {
        const string Row = """{"pump": "a", "at": "2026-01-01T08:00:00Z", "bar": 5}""";
        await client.Features.PushAsync(Rows(Row) with { To = PushTarget.Offline, NoWait = true }, Cancel);
        await client.Features.PushAsync(Rows(Row.Replace("\"a\"", "\"b\"", StringComparison.Ordinal)) with { To = PushTarget.Online }, Cancel);

        var at = JsonElement.Parse("""{"pump": ["a", "b"], "event_timestamp": ["2026-01-01T08:00:00Z", "2026-01-01T08:00:00Z"]}""");
        Assert.Equal("5 null", string.Join(' ', (await client.Features.BuildTrainingSetAsync("pumps", at, Cancel)).Values["bar"].Select(value => value.GetRawText())));
        Assert.Equal("null 5", string.Join(' ', (await client.Features.GetOnlineAsync("pumps", at, cancel: Cancel)).Values["bar"].Select(value => value.GetRawText())));
    }

    [Theory]
    [InlineData("""{"pump": ["a"]}""", "The column 'event_timestamp' (timestamp) is missing; there are pump.")]
    [InlineData("""{"event_timestamp": ["2026-01-01T08:00:00Z"]}""", "The column 'pump' (string) is missing; there are event_timestamp.")]
    public async Task A_training_set_names_the_column_that_its_rows_lack(string entities, string message)
    {
        var refused = await Assert.ThrowsAsync<SlipwayException>(() => client.Features.BuildTrainingSetAsync("pumps", JsonElement.Parse(entities), Cancel));
        Assert.Equal((ErrorKind.Invalid, message), (refused.Kind, refused.Message));
    }
}
