using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Streaming;

/// <param name="Events">Objects with <c>id</c>, <c>time</c> (ISO 8601), optionally <c>key</c>, and the fields of the source beside them.</param>
/// <param name="Watermark">No event up to this time is still to come.</param>
/// <param name="Wait">Answer only when every streaming view on the topic has taken the events in.</param>
public sealed record PushRequest(IReadOnlyList<JsonElement>? Events, DateTimeOffset? Watermark, bool Wait);

/// <param name="Source">The name of a push source.</param>
/// <param name="Rows">Objects with the fields of the source.</param>
/// <param name="Ids">One per row: a row whose id the source has had is not taken again. Without ids each row counts.</param>
/// <param name="To">Default: both stores.</param>
/// <param name="Watermark">No row up to this time is still to come; for sources that windows read.</param>
/// <param name="Wait">Answer only when the online store has taken the rows in.</param>
public sealed record PushRowsRequest(
    string Source, IReadOnlyList<JsonElement>? Rows, IReadOnlyList<string>? Ids, PushTarget? To, DateTimeOffset? Watermark, bool Wait = true);

/// <param name="Payload">An object to take in instead of what was sent; for a single letter only.</param>
public sealed record ReplayRequest(string Topic, string? View, IReadOnlyList<long>? Offsets, JsonElement? Payload);

internal static class StreamingEndpoints
{
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1").WithTags("Streaming");
        api.MapPost("topics/{topic}/events", PushAsync).ChecksInService();
        api.MapGet("topics/{topic}", TopicAsync);
        api.MapPost("features/push", PushRowsAsync).ChecksInService().WithSummary("Push rows to a source, for the online store, training sets or both");
        api.MapGet("dead-letters", DeadLettersAsync);
        api.MapPost("dead-letters/replay", ReplayAsync).WithSummary("Give dead letters to their views again");
        api.MapPost("dead-letters/discard", DiscardAsync).WithSummary("Throw dead letters away");
        return routes;
    }

    private static async Task<Ok<PushResult>> PushAsync(
        string topic, PushRequest request, Actor actor, FeatureRights rights, StreamService streams, CancellationToken cancel)
    {
        await rights.RequirePushAsync(actor, topic, cancel);
        return TypedResults.Ok(await streams.PushAsync(topic, [.. (request.Events ?? []).Select(Event)], request.Watermark, request.Wait, cancel));
    }

    private static async Task<Ok<TopicStatus>> TopicAsync(string topic, StreamService streams, CancellationToken cancel) =>
        TypedResults.Ok(await streams.TopicAsync(topic, cancel));

    private static async Task<Ok<Page<DeadLetter>>> DeadLettersAsync(
        string? topic, string? pageToken, int? limit, DeadLetterService letters, CancellationToken cancel) =>
        TypedResults.Ok(await letters.ListAsync(topic, pageToken, limit ?? 100, cancel));

    private static async Task<Ok<PushResult>> PushRowsAsync(
        PushRowsRequest request, Actor actor, FeatureRights rights, StreamService streams, CancellationToken cancel)
    {
        await rights.RequirePushAsync(actor, request.Source, cancel);
        return TypedResults.Ok(await streams.PushRowsAsync(
            request.Source, [.. (request.Rows ?? []).Select(row => JsonSerializer.SerializeToUtf8Bytes(row))], request.Ids,
            request.To ?? PushTarget.OnlineAndOffline, request.Watermark, request.Wait, cancel));
    }

    private static async Task<Ok<DeadLetterChange>> ReplayAsync(
        ReplayRequest request, Actor actor, DeadLetterService letters, CancellationToken cancel) =>
        TypedResults.Ok(await letters.ReplayAsync(
            new DeadLetterSelection(request.Topic, request.View, request.Offsets),
            request.Payload is { } payload ? JsonSerializer.SerializeToUtf8Bytes(payload) : null, actor, cancel));

    private static async Task<Ok<DeadLetterChange>> DiscardAsync(
        DeadLetterSelection request, Actor actor, DeadLetterService letters, CancellationToken cancel) =>
        TypedResults.Ok(await letters.DiscardAsync(request, actor, cancel));

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
