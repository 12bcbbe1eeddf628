using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Tracking.Garbage;

namespace Slipway.Commands;

/// <summary>Asks a running server to collect.</summary>
internal static class GcRemote
{
    /// <param name="key">Who asks, where the server wants to know.</param>
    public static async Task<GarbageReport> CollectAsync(string server, string? key, GarbageRequest request, CancellationToken cancel)
    {
        if (!Uri.TryCreate(server, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw SlipwayException.Invalid($"flag --server: '{server}' is not an absolute http or https URL");
        }

        using var http = new HttpClient { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan };
        if (key is not null)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        try
        {
            var body = new CollectRequest(string.Create(CultureInfo.InvariantCulture, $"{(long)request.OlderThan.TotalSeconds}s"), request.DryRun);
            using var answer = await http.PostAsJsonAsync("/api/v1/gc", body, Json.Options, cancel);
            return answer.IsSuccessStatusCode
                ? (await answer.Content.ReadFromJsonAsync<GarbageReport>(Json.Options, cancel))!
                : throw new SlipwayException(ErrorKind.Unavailable, $"{server} answers {(int)answer.StatusCode}: {await ReasonAsync(answer, cancel)}");
        }
        catch (HttpRequestException unreachable)
        {
            throw new SlipwayException(ErrorKind.Unavailable, $"no server answers at {server}: {unreachable.Message}", unreachable);
        }
    }

    private static async Task<string> ReasonAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        var text = await answer.Content.ReadAsStringAsync(cancel);
        try
        {
            return JsonElement.Parse(text).GetProperty("detail").GetString() ?? text;
        }
        catch (Exception foreign) when (foreign is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return answer.ReasonPhrase ?? "no reason";
        }
    }
}
