using Slipway.Client.Http;
using Slipway.Core.Errors;

namespace Slipway.Client;

/// <summary>The events that feature views could not take in.</summary>
public sealed class DeadLetterClient
{
    private readonly Transport transport;

    internal DeadLetterClient(Transport transport) => this.transport = transport;

    /// <summary>Oldest first within a topic, one page at a time.</summary>
    /// <param name="topic">Every topic when absent.</param>
    public IAsyncEnumerable<DeadLetter> ListAsync(string? topic = null, CancellationToken cancel = default) => transport.ListAsync(
        Paging.With("api/v1/dead-letters?limit=200", "topic", topic), ClientJson.Default.PageDeadLetter, cancel);

    /// <summary>Gives letters to their views again; those of a version that is no longer in force are left. Not repeated by itself.</summary>
    /// <param name="view">Name and version, as <c>load@1</c>; every view when absent.</param>
    /// <param name="offsets">Where in the topic they stood; when absent all, up to 1000 of them.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> when offsets are named and no letter stands there.</exception>
    public Task<DeadLetterChange> ReplayAsync(
        string topic, string? view = null, IReadOnlyList<long>? offsets = null, CancellationToken cancel = default) =>
        ChangeAsync("replay", new DeadLetterBody(topic, view, offsets), cancel);

    /// <summary>Throws letters away. Not repeated by itself.</summary>
    /// <inheritdoc cref="ReplayAsync"/>
    public Task<DeadLetterChange> DiscardAsync(
        string topic, string? view = null, IReadOnlyList<long>? offsets = null, CancellationToken cancel = default) =>
        ChangeAsync("discard", new DeadLetterBody(topic, view, offsets), cancel);

    private Task<DeadLetterChange> ChangeAsync(string action, DeadLetterBody body, CancellationToken cancel) => transport.CallAsync(
        Call.Of(HttpMethod.Post, $"api/v1/dead-letters/{action}", body, ClientJson.Default.DeadLetterBody, mayRepeat: false),
        ClientJson.Default.DeadLetterChange, cancel);
}

/// <param name="Offset">Where in the topic the event stands.</param>
/// <param name="View">Name and version of the view that could not take it, as <c>load@1</c>.</param>
/// <param name="Payload">What was sent.</param>
public sealed record DeadLetter(
    string Topic, long Offset, string View, string EventId, DateTimeOffset EventTime, string Cause, string Payload, DateTimeOffset Created);

/// <param name="Letters">How many were replayed or discarded.</param>
/// <param name="Left">How many were left, since the version of their view is no longer in force.</param>
public sealed record DeadLetterChange(int Letters, int Left);

internal sealed record DeadLetterBody(string Topic, string? View, IReadOnlyList<long>? Offsets);
