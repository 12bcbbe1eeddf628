using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Foundation.Outgoing;

namespace Slipway.Platform.Monitoring;

/// <summary>
/// Tells receivers about alerts, at least once: each message is a job of the transaction that made the alert, and a job that
/// fails leaves a later one behind. The body is signed: <c>Slipway-Signature: t=SECONDS,v1=HEX</c>, where HEX is the HMAC-SHA256
/// of <c>SECONDS.BODY</c>; a receiver refuses an old SECONDS, so a message cannot be replayed.
/// </summary>
internal sealed class WebhookSender : IDisposable
{
    public const string Job = "monitoring.notify";

    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);

    private readonly OutgoingAddressPolicy outgoing;
    private readonly JobService jobs;
    private readonly MonitoringOptions options;
    private readonly TimeProvider time;

    // A signed message goes where the monitor says and nowhere else: the handler follows no redirects.
    private readonly HttpClient http;

    public WebhookSender(JobService jobs, MonitoringOptions options, OutgoingAddressPolicy outgoing, TimeProvider time)
    {
        this.outgoing = outgoing;
        http = new HttpClient(outgoing.CreateHandler()) { Timeout = TimeSpan.FromSeconds(10) };
        this.jobs = jobs;
        this.options = options;
        this.time = time;
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Slipway", null));
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming a secret that the server was not given, or an address it does not call.</exception>
    public void Check(MonitorDefinition monitor)
    {
        foreach (var receiver in monitor.Webhooks.Where(r => !options.WebhookSecrets.ContainsKey(r.Secret)))
        {
            throw SlipwayException.Invalid(
                $"The monitor of '{monitor.Endpoint}' signs a webhook with the secret '{receiver.Secret}', which this server was not given.");
        }

        foreach (var receiver in monitor.Webhooks)
        {
            outgoing.Check(receiver.Url);
        }
    }

    public async Task EnqueueAsync(DbSession session, MonitorDefinition monitor, string type, Alert alert, CancellationToken cancel)
    {
        foreach (var receiver in monitor.Webhooks)
        {
            var message = new WebhookMessage(alert.Id + "/" + type, type, time.GetUtcNow().ToUnixTimeMilliseconds(), alert);
            await jobs.EnqueueAsync(
                session, Job, new WebhookDelivery(receiver, message, 1), cancel, $"{message.Id}@{receiver.Url}");
        }
    }

    public async Task<string?> RunAsync(Job job, CancellationToken cancel)
    {
        var delivery = Json.Read<WebhookDelivery>(job.Payload);
        var failure = await SendAsync(delivery, cancel);
        if (failure is null)
        {
            return null;
        }

        var age = time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(delivery.Message.TimeMs);
        if (age > options.WebhookGiveUp)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition, $"{delivery.Receiver.Url} did not take the message in {age.TotalHours:f0} hours: {failure}");
        }

        var wait = options.WebhookRetry * Math.Pow(2, Math.Min(delivery.Attempt - 1, 20));
        var next = delivery with { Attempt = delivery.Attempt + 1 };
        await jobs.EnqueueAsync(
            Job, next, cancel, $"{delivery.Message.Id}@{delivery.Receiver.Url}#{next.Attempt}",
            time.GetUtcNow() + (wait < LongestWait ? wait : LongestWait));
        return Json.Write(new { failure, next.Attempt });
    }

    /// <returns>Why it was not taken, or null.</returns>
    private async Task<string?> SendAsync(WebhookDelivery delivery, CancellationToken cancel)
    {
        if (!options.WebhookSecrets.TryGetValue(delivery.Receiver.Secret, out var secret))
        {
            return $"The secret '{delivery.Receiver.Secret}' is not known to this server.";
        }

        var body = Json.Write(delivery.Message);
        var seconds = time.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, delivery.Receiver.Url);
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.Add("Slipway-Event", delivery.Message.Type);
        request.Headers.Add("Slipway-Delivery", delivery.Message.Id);
        request.Headers.Add("Slipway-Signature", Sign(secret, seconds, body));
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            return response.IsSuccessStatusCode ? null : $"It answered {(int)response.StatusCode}.";
        }
        catch (HttpRequestException failure)
        {
            return failure.Message;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return $"It did not answer in {http.Timeout.TotalSeconds} s.";
        }
    }

    internal static string Sign(string secret, long seconds, string body)
    {
        var signed = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seconds}.{body}"));
        var hash = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed));
        return string.Create(CultureInfo.InvariantCulture, $"t={seconds},v1={hash}");
    }

    public void Dispose() => http.Dispose();

    /// <param name="Id">The same in every attempt: what a receiver drops repeats by.</param>
    internal sealed record WebhookMessage(string Id, string Type, long TimeMs, Alert Alert);

    internal sealed record WebhookDelivery(WebhookReceiver Receiver, WebhookMessage Message, int Attempt);
}
