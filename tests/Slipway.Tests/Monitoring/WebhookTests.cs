using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Monitoring;
using Slipway.Tests.Client;

namespace Slipway.Tests.Monitoring;

public sealed class WebhookTests() : MonitoredEndpoint(null)
{
    private static readonly MonitoringOptions Options = new()
    {
        WebhookSecrets = new Dictionary<string, string> { ["ops"] = "correct horse" },
        WebhookRetry = TimeSpan.FromMilliseconds(20),
    };

    [Fact]
    public async Task An_alert_reaches_a_receiver_that_fails_first_signed_and_with_the_same_id()
    {
        var received = new ConcurrentQueue<(string Body, string Signature, string Id)>();
        await using var receiver = await ScriptedServer.StartAsync((context, body, before) =>
        {
            var headers = context.Request.Headers;
            received.Enqueue((body, headers["Slipway-Signature"]!, headers["Slipway-Delivery"]!));
            context.Response.StatusCode = before < 7 ? 503 : 204;
            return Task.CompletedTask;
        });
        await using var server = Compose(Db, Options, TimeProvider.System);
        await AlarmAsync(server, receiver.Address.ToString());

        using var worker = new JobWorker(
            Db, server.GetRequiredService<JobService>(), server.GetServices<JobKind>(), TimeProvider.System,
            new JobOptions { Poll = TimeSpan.FromMilliseconds(20) }, NullLogger<JobWorker>.Instance);
        await worker.StartAsync(Cancel);
        while (received.Count < 8)
        {
            await Task.Delay(10, Cancel);
        }

        while ((await Jobs.ListAsync(JobState.Succeeded, null, 100, Cancel)).Count < 8)
        {
            await Task.Delay(10, Cancel);
        }

        await worker.StopAsync(Cancel);
        Assert.Single(received.Select(r => r.Id).Distinct());
        Assert.Single(received.Select(r => r.Body).Distinct());
        var (body, signature, _) = received.Last();
        Assert.Equal("alert.opened", (string?)JsonNode.Parse(body)!["type"]);
        Assert.Equal(("drift", "b"), ((string?)JsonNode.Parse(body)!["alert"]!["rule"], (string?)JsonNode.Parse(body)!["alert"]!["subject"]));

        // As a receiver checks it.
        var seconds = signature.Split(',')[0]["t=".Length..];
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes("correct horse"), Encoding.UTF8.GetBytes($"{seconds}.{body}"));
        Assert.Equal($"t={seconds},v1={Convert.ToHexStringLower(expected)}", signature);
    }

    [Fact]
    public async Task A_receiver_that_never_takes_it_leaves_a_dead_letter()
    {
        await using var server = Compose(Db, Options with { WebhookGiveUp = TimeSpan.FromMilliseconds(100) }, TimeProvider.System);

        // Port 9 of loopback: nobody listens.
        await AlarmAsync(server, "http://127.0.0.1:9/");
        using var worker = new JobWorker(
            Db, server.GetRequiredService<JobService>(), server.GetServices<JobKind>(), TimeProvider.System,
            new JobOptions { Poll = TimeSpan.FromMilliseconds(20) }, NullLogger<JobWorker>.Instance);
        await worker.StartAsync(Cancel);
        List<Job> dead;
        while ((dead = await Jobs.ListAsync(JobState.Dead, null, 100, Cancel)).Count == 0)
        {
            await Task.Delay(10, Cancel);
        }

        await worker.StopAsync(Cancel);
        Assert.Contains("http://127.0.0.1:9/ did not take the message", Assert.Single(dead).LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_the_server_was_not_given_is_refused_by_name()
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(
            () => Monitoring.PutAsync(Daily with { Webhooks = [new("https://example.org/", "nowhere")] }, Me, Cancel));
        Assert.Contains("'nowhere'", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The signature of a fixed message, computed with: printf '981173106.{}' | openssl dgst -sha256 -hmac key</summary>
    [Fact]
    public void The_signature_is_hmac_sha256_of_time_and_body() => Assert.Equal(
        "t=981173106,v1=19b8a8d22e6fb65bfc2fd5762f64a5473d0bfe6316ae87834bd451805e40ad2c", WebhookSender.Sign("key", 981173106, "{}"));

    private async Task AlarmAsync(ServiceProvider server, string url)
    {
        var traffic = new Traffic(40);
        var monitoring = server.GetRequiredService<MonitoringService>();
        await monitoring.PutAsync(Daily with { Webhooks = [new(url, "ops")] }, Me, Cancel);
        await monitoring.RebaseAsync(Name, await SourceAsync("1.0.0", traffic.Of(-30, 10_000)), Me, Cancel);
        await LogAsync(traffic.Of(0, 1000, row => row[1] += 1), outcomes: false);
        Assert.Equal(1, (await monitoring.AdvanceAsync(Name, Traffic.Start + Traffic.Day, Cancel)).Opened);
    }
}
