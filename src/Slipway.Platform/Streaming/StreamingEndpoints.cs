using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Streaming;

/// <param name="Events">Objects with <c>id</c>, <c>time</c> (ISO 8601), optionally <c>key</c>, and the fields of the source beside them.</param>
/// <param name="Watermark">No event up to this time is still to come.</param>
/// <param name="Wait">Answer only when every streaming view on the topic has taken the events in.</param>
public sealed record PushRequest(IReadOnlyList<JsonElement>? Events, DateTimeOffset? Watermark, bool Wait);

internal static class StreamingEndpoints
{
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1").WithTags("Streaming");
        api.MapPost("topics/{topic}/events", PushAsync);
        api.MapGet("topics/{topic}", TopicAsync);
        api.MapGet("dead-letters", DeadLettersAsync);
        return routes;
    }

    private static async Task<Ok<PushResult>> PushAsync(string topic, PushRequest request, StreamService streams, CancellationToken cancel) =>
        TypedResults.Ok(await streams.PushAsync(topic, [.. (request.Events ?? []).Select(Event)], request.Watermark, request.Wait, cancel));

    private static async Task<Ok<TopicStatus>> TopicAsync(string topic, StreamService streams, CancellationToken cancel) =>
        TypedResults.Ok(await streams.TopicAsync(topic, cancel));

    private static async Task<Ok<Page<DeadLetter>>> DeadLettersAsync(
        string? topic, string? pageToken, int? limit, StreamService streams, CancellationToken cancel) =>
        TypedResults.Ok(await streams.DeadLettersAsync(topic, pageToken, limit ?? 100, cancel));

    private static NewEvent Event(JsonElement json, int index)
    {
        if (json.ValueKind != JsonValueKind.Object || Text(json, "id") is not { } id)
        {
            throw SlipwayException.Invalid($"events[{index}] must be an object with a string 'id'.");
        }

        if (!json.TryGetProperty("time", out var time) || time.ValueKind != JsonValueKind.String || !time.TryGetDateTime(out var at))
        {
            throw SlipwayException.Invalid($"events[{index}] ('{id}') must have an ISO 8601 'time'.");
        }

        var utc = at.Kind == DateTimeKind.Local ? at.ToUniversalTime() : at;
        return new NewEvent(id, Text(json, "key"), Microseconds.From(utc), JsonSerializer.SerializeToUtf8Bytes(json));
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
