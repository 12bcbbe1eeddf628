using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Slipway.Core.Errors;

namespace Slipway.Client.Http;

/// <summary>Requests and answers: attempts, waits, and errors as <see cref="SlipwayException"/>.</summary>
internal sealed class Transport : IDisposable
{
    private readonly HttpClient http;
    private readonly SlipwayClientOptions options;

    public Transport(Uri server, string? apiKey, SlipwayClientOptions options)
    {
        if (!server.IsAbsoluteUri || server.Scheme is not ("http" or "https"))
        {
            throw SlipwayException.Invalid($"A server's address is like http://127.0.0.1:8080; got '{server}'.");
        }

        this.options = options;
        Server = new Uri(server.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/");

        // A key is meant for the server that was named, so redirects are not followed.
        http = options.Handler is { } handler
            ? new HttpClient(handler, disposeHandler: false)
            : new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) });
        http.Timeout = Timeout.InfiniteTimeSpan;
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("slipway-client", ThisAssembly.Version));
        if (!string.IsNullOrEmpty(apiKey))
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        }
    }

    /// <summary>Ends with a slash.</summary>
    public Uri Server { get; }

    public TimeProvider Time => options.Time;

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancel) =>
        CallAsync(new Call(HttpMethod.Get, path), answer, cancel);

    /// <exception cref="SlipwayException">What the server said, or <see cref="ErrorKind.Unavailable"/>.</exception>
    public async Task<T> CallAsync<T>(Call call, JsonTypeInfo<T> answer, CancellationToken cancel)
    {
        using var response = await SendAsync(call, cancel);
        try
        {
            return await response.Content.ReadFromJsonAsync(answer, cancel)
                ?? throw NotUnderstood(call, "null");
        }
        catch (Exception bad) when (bad is JsonException or InvalidOperationException)
        {
            throw NotUnderstood(call, bad.Message);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            throw NoAnswer(broken);
        }
    }

    public async Task CallAsync(Call call, CancellationToken cancel)
    {
        using var response = await SendAsync(call, cancel);
    }

    /// <summary>The answer as soon as its headers are here, always of a status that says success. The caller disposes it.</summary>
    public async Task<HttpResponseMessage> SendAsync(Call call, CancellationToken cancel)
    {
        var attempts = call.MayRepeat ? Math.Max(1, options.Attempts) : 1;
        for (var attempt = 1; ; attempt++)
        {
            var (response, failure) = await TryAsync(call, cancel);
            if (response is { IsSuccessStatusCode: true })
            {
                return response;
            }

            var wait = Waits.Before(attempt + 1, response?.Headers.RetryAfter, options);
            if (attempt >= attempts || (response is not null && !IsPassing(response.StatusCode)))
            {
                throw failure ?? await ErrorAnswer.ReadAsync(response!, cancel);
            }

            response?.Dispose();
            await Task.Delay(wait, options.Time, cancel);
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<(HttpResponseMessage? Response, SlipwayException? Failure)> TryAsync(Call call, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(call.Method, new Uri(Server, call.Path)) { Content = call.Content?.Invoke() };
        using var limit = new CancellationTokenSource(call.IsLong ? Timeout.InfiniteTimeSpan : options.Timeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            return (await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token), null);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (null, new SlipwayException(
                ErrorKind.Timeout, $"The server at {Server} did not answer {call.Method} {call.Path} in {options.Timeout.TotalSeconds} s."));
        }
        catch (HttpRequestException refused)
        {
            return (null, NoAnswer(refused));
        }
    }

    /// <summary>Whether the same call may well succeed in a moment.</summary>
    private static bool IsPassing(HttpStatusCode status) =>
        status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout;

    private SlipwayException NoAnswer(Exception cause) => new(
        ErrorKind.Unavailable, $"No Slipway server answers at {Server.GetLeftPart(UriPartial.Authority)}: {cause.GetBaseException().Message}", cause);

    private SlipwayException NotUnderstood(Call call, string why) => new(
        ErrorKind.Unsupported, $"{Server} answered {call.Method} {call.Path} with something this client does not understand: {why}");
}
