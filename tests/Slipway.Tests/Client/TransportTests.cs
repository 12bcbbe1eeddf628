using Microsoft.AspNetCore.Http;
using Slipway.Client;
using Slipway.Client.Http;
using Slipway.Core.Errors;

namespace Slipway.Tests.Client;

public sealed class TransportTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_call_that_may_be_repeated_is_until_the_server_takes_it(int status)
    {
        await using var server = await ScriptedServer.StartAsync((context, _, before) => before < 3
            ? ScriptedServer.RefuseAsync(context, status, "unavailable", "not now", "0")
            : context.Response.WriteAsJsonAsync(new { id = 7, name = "flights" }, Cancel));
        using var client = server.Connect();

        Assert.Equal("flights", (await client.Experiments.GetAsync(7, Cancel)).Name);
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public async Task A_batch_is_sent_again_as_it_was()
    {
        await using var server = await ScriptedServer.StartAsync((context, _, before) =>
        {
            context.Response.StatusCode = before == 0 ? 503 : 204;
            return Task.CompletedTask;
        });
        using var client = server.Connect();

        await client.Runs.LogBatchAsync("r1", new LogBatch([new MetricPoint("loss", double.NaN, 5, 1)]), Cancel);

        var body = "{\"metrics\":[{\"key\":\"loss\",\"value\":\"NaN\",\"timestampMs\":5,\"step\":1}]}";
        Assert.Equal([("POST /api/v1/runs/r1/batch", body), ("POST /api/v1/runs/r1/batch", body)], server.Requests);
    }

    [Fact]
    public async Task A_decision_is_never_sent_twice()
    {
        await using var server = await ScriptedServer.StartAsync((context, _, _) => ScriptedServer.RefuseAsync(context, 503, "unavailable", "not now"));
        using var client = server.Connect();

        var error = await Assert.ThrowsAsync<SlipwayException>(() => client.Approvals.DecideAsync("a1", Decision.Approve, cancel: Cancel));

        Assert.Equal((ErrorKind.Unavailable, "not now"), (error.Kind, error.Message));
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData(404, "not_found", ErrorKind.NotFound)]
    [InlineData(412, "failed_precondition", ErrorKind.FailedPrecondition)]
    [InlineData(400, "invalid", ErrorKind.Invalid)]
    [InlineData(403, "forbidden", ErrorKind.Forbidden)]
    public async Task An_error_keeps_the_servers_kind_and_words_and_is_not_tried_again(int status, string kind, ErrorKind expected)
    {
        await using var server = await ScriptedServer.StartAsync((context, _, _) => ScriptedServer.RefuseAsync(context, status, kind, "There is no run 'r1'."));
        using var client = server.Connect();

        var error = await Assert.ThrowsAsync<SlipwayException>(() => client.Runs.GetAsync("r1", Cancel));

        Assert.Equal((expected, "There is no run 'r1'."), (error.Kind, error.Message));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task An_error_inside_the_server_names_its_trace()
    {
        await using var server = await ScriptedServer.StartAsync((context, _, _) => ScriptedServer.RefuseAsync(context, 500, "internal", "An error inside the server."));
        using var client = server.Connect();

        var error = await Assert.ThrowsAsync<SlipwayException>(() => client.Runs.GetAsync("r1", Cancel));

        Assert.Equal("The server failed (500, trace t1): An error inside the server.", error.Message);
    }

    [Fact]
    public async Task A_redirect_is_reported_and_the_key_stays_here()
    {
        await using var server = await ScriptedServer.StartAsync((context, _, _) =>
        {
            context.Response.Redirect("http://elsewhere.example/");
            return Task.CompletedTask;
        });
        using var client = server.Connect();

        var error = await Assert.ThrowsAsync<SlipwayException>(() => client.Runs.GetAsync("r1", Cancel));

        Assert.Contains("http://elsewhere.example/", error.Message, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_one_clear_sentence()
    {
        // Port 9 of loopback: nobody listens.
        using var client = new SlipwayClient(new Uri("http://127.0.0.1:9"), options: new() { Attempts = 1 });

        var error = await Assert.ThrowsAsync<SlipwayException>(() => client.Runs.GetAsync("r1", Cancel));

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.StartsWith("No Slipway server answers at http://127.0.0.1:9: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_goes_as_a_bearer_token_and_a_prefix_of_the_address_is_kept()
    {
        var authorization = "";
        await using var server = await ScriptedServer.StartAsync((context, _, _) =>
        {
            authorization = context.Request.Headers.Authorization.ToString();
            return context.Response.WriteAsJsonAsync(new { id = 7, name = "flights" }, Cancel);
        });
        using var client = new SlipwayClient(new Uri(server.Address, "team/slipway"), "slipway_a_b");

        await client.Experiments.GetAsync("a/b c", Cancel);

        Assert.Equal("Bearer slipway_a_b", authorization);
        Assert.Equal("GET /team/slipway/api/v1/experiments/by-name/a/b%20c", Assert.Single(server.Requests).Line.Replace(" c", "%20c", StringComparison.Ordinal));
    }

    [Fact]
    public void A_wait_is_what_the_server_asks_for_or_doubles_and_has_an_end()
    {
        var options = new SlipwayClientOptions { FirstWait = TimeSpan.FromSeconds(1), LongestWait = TimeSpan.FromSeconds(10) };

        Assert.Equal(TimeSpan.FromSeconds(3), Waits.Before(2, new(TimeSpan.FromSeconds(3)), options));
        Assert.Equal(TimeSpan.FromSeconds(10), Waits.Before(2, new(TimeSpan.FromHours(1)), options));
        Assert.InRange(Waits.Before(2, null, options).TotalSeconds, 0.8, 1.2);
        Assert.InRange(Waits.Before(4, null, options).TotalSeconds, 3.2, 4.8);
        Assert.Equal(TimeSpan.FromSeconds(10), Waits.Before(30, null, options));
    }
}
