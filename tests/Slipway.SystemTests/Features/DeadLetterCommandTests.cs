using System.Text;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests.Features;

/// <summary><c>slipway features dead-letters</c> against a server that has some.</summary>
public sealed class DeadLetterCommandTests
{
    private const string Yaml =
        """
        entities:
          - {name: user, join_keys: [{name: user, type: string}]}
        sources:
          - {name: payments, push: true, columns: [{name: user, type: string}, {name: at, type: timestamp}, {name: amount, type: int64}]}
        feature_views:
          - {name: latest, kind: batch, entities: [user], source: {name: payments, event_timestamp: at}, features: [{name: amount, type: int64}]}
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Letters_are_listed_replayed_and_discarded()
    {
        await using var server = await SlipwayServer.StartAsync();
        await PostAsync(server, "/api/v1/features/apply", Yaml, "application/yaml");
        Assert.Contains("No dead letters.", (await server.RunAsync("features", "dead-letters", "list")).Output, StringComparison.Ordinal);
        await PostAsync(server, "/api/v1/features/push",
            """{"source":"payments","rows":[{"user":"ann","at":"2026-01-01T00:00:00Z","amount":"5"},{"user":"bob","at":"2026-01-01T00:00:00Z"},{"at":"2026-01-01T00:00:00Z"}]}""", "application/json");

        var listed = await server.JsonAsync("features", "dead-letters", "list", "--topic", "payments");
        Assert.Equal(["Field 'amount' must be a whole number; got \"5\".", "A part of the key is null: user."], listed.AsArray().Select(letter => (string)letter!["cause"]!));
        Assert.Equal([0L, 2L], listed.AsArray().Select(letter => (long)letter!["offset"]!));
        var table = (await server.RunAsync("features", "dead-letters", "list")).Output;
        Assert.Contains("latest@1", table, StringComparison.Ordinal);

        var none = await server.RunAsync("features", "dead-letters", "discard", "payments", "--view", "latest@1", "--offset", "1");
        Assert.NotEqual(0, none.ExitCode);
        Assert.Contains("Topic 'payments' has no such dead letter: offset 1 of latest@1.", none.Errors, StringComparison.Ordinal);
        Assert.Equal("1 letters: discard.", (await server.RunAsync("features", "dead-letters", "discard", "payments", "--offset", "2")).Output.Trim());
        Assert.Equal("1 letters: replay.", (await server.RunAsync("features", "dead-letters", "replay", "payments")).Output.Trim());

        // What is wrong with the event itself is wrong again, at its new place.
        await PostAsync(server, "/api/v1/features/push", """{"source":"payments","rows":[],"wait":true}""", "application/json");
        var again = Assert.Single((await server.JsonAsync("features", "dead-letters", "list")).AsArray());
        Assert.Equal(3, (long)again!["offset"]!);
    }

    private static async Task PostAsync(SlipwayServer server, string path, string body, string type)
    {
        using var answer = await server.Http.PostAsync(path, new StringContent(body, Encoding.UTF8, type), Cancel);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }
}
