using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests.Features;

/// <summary>What was acknowledged stays, counts once, and nothing older takes the place of what is newer.</summary>
public sealed class PushCrashTests
{
    private const int Writers = 4;
    private const int RowsOfPush = 20;

    /// <summary>Later than every row of the load.</summary>
    private const string Evening = "2026-01-02T00:00:00Z";

    private const string Yaml =
        """
        entities:
          - {name: user, join_keys: [{name: user, type: string}]}
        sources:
          - {name: payments, push: true, columns: [{name: user, type: string}, {name: at, type: timestamp}, {name: amount, type: int64}]}
        feature_views:
          - {name: latest, kind: batch, entities: [user], source: {name: payments, event_timestamp: at}, features: [{name: amount, type: int64}]}
          - name: day
            kind: streaming
            entities: [user]
            source: {name: payments, event_timestamp: at}
            hop: 1h
            aggregations:
              - {name: count, function: count, window: 2d}
              - {name: sum, function: sum, input: amount, window: 2d}
        feature_services:
          - {name: payments, features: [{view: latest}, {view: day}]}
        """;

    private readonly ConcurrentDictionary<(int Writer, int Push), bool> sent = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kill_9_under_load_loses_nothing_that_was_acknowledged_and_lets_nothing_older_win()
    {
        await using var server = await SlipwayServer.StartAsync();
        using (var applied = await server.Http.PostAsync("/api/v1/features/apply", new StringContent(Yaml, Encoding.UTF8, "application/yaml"), Cancel))
        {
            Assert.True(applied.IsSuccessStatusCode, await applied.Content.ReadAsStringAsync(Cancel));
        }

        for (var round = 0; round < 2; round++)
        {
            var load = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => WriteAsync(server.Http.BaseAddress!, writer)));
            await Task.Delay(TimeSpan.FromSeconds(1.5), Cancel);
            await server.KillAsync();
            await load;
            await server.StartAgainAsync();
            await MustHoldAsync(server.Http, exactly: false);
        }

        Assert.True(sent.Values.Count(acknowledged => acknowledged) > 50, $"{sent.Count} pushes were sent.");

        // Sent again, what got no answer is there once, and what got one is not there twice.
        foreach (var (writer, push) in sent.Keys.Order())
        {
            await PushAsync(server.Http, writer, push);
        }

        await PushAsync(server.Http, new JsonObject { ["source"] = "payments", ["watermark"] = Evening, ["wait"] = true });
        await MustHoldAsync(server.Http, exactly: true);
    }

    /// <summary>Pushes until the server is gone.</summary>
    private async Task WriteAsync(Uri server, int writer)
    {
        using var http = new HttpClient { BaseAddress = server, Timeout = Patience.Limit };
        var push = sent.Keys.Where(key => key.Writer == writer).Select(key => key.Push).DefaultIfEmpty(-1).Max();
        try
        {
            while (true)
            {
                sent[(writer, ++push)] = false;
                await PushAsync(http, writer, push);
                sent[(writer, push)] = true;
            }
        }
        catch (HttpRequestException)
        {
            // Killed: whether this push is there is open.
        }
    }

    private static Task PushAsync(HttpClient http, int writer, int push) => PushAsync(http, new JsonObject
    {
        ["source"] = "payments",
        ["ids"] = new JsonArray([.. Enumerable.Range(0, RowsOfPush).Select(i => JsonValue.Create($"{writer}-{push}-{i}"))]),
        ["rows"] = new JsonArray([.. Enumerable.Range(0, RowsOfPush).Select(i => Row(writer, AmountOf(push, i)))]),
        ["wait"] = push % 3 == 0,
    });

    private static async Task PushAsync(HttpClient http, JsonObject body)
    {
        using var answer = await http.PostAsJsonAsync("/api/v1/features/push", body, Cancel);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    /// <summary>Rows run forwards within a push and every other push goes back behind the one before it.</summary>
    private static int AmountOf(int push, int row) => ((push ^ 1) * RowsOfPush) + row;

    /// <summary>The amount is the second of the day, so the latest row is the one of the greatest amount.</summary>
    private static JsonObject Row(int writer, int amount) => new()
    {
        ["user"] = $"user-{writer}",
        ["at"] = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(amount).ToString("O", CultureInfo.InvariantCulture),
        ["amount"] = amount,
    };

    private async Task MustHoldAsync(HttpClient http, bool exactly)
    {
        // An empty push that waits answers when all that was stored is online.
        await PushAsync(http, new JsonObject { ["source"] = "payments", ["wait"] = true });
        var request = new JsonObject
        {
            ["service"] = "payments",
            ["entities"] = new JsonObject { ["user"] = new JsonArray([.. Enumerable.Range(0, Writers).Select(w => JsonValue.Create($"user-{w}"))]) },
        };
        using var answer = await http.PostAsJsonAsync("/api/v1/features/online", request, Cancel);
        var values = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!["values"]!;
        for (var writer = 0; writer < Writers; writer++)
        {
            var own = sent.Where(s => s.Key.Writer == writer).ToArray();
            var acknowledged = own.Where(s => exactly || s.Value).SelectMany(s => Amounts(s.Key.Push)).ToArray();
            var latest = (long)values["amount"]![writer]!;
            Assert.Contains(latest, own.SelectMany(s => Amounts(s.Key.Push)));
            Assert.True(latest >= acknowledged.Max(), $"user-{writer}: {latest} is older than {acknowledged.Max()}, which was acknowledged.");
            if (exactly)
            {
                Assert.Equal((acknowledged.Length, acknowledged.Sum()), ((long)values["count"]![writer]!, (double)values["sum"]![writer]!));
            }
        }
    }

    private static IEnumerable<long> Amounts(int push) => Enumerable.Range(0, RowsOfPush).Select(i => (long)AmountOf(push, i));
}
