using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Streaming;

/// <summary>The events that views could not take in: to be looked at, given to their view again, or thrown away.</summary>
public sealed class DeadLetterService(Db db, EventLog log, FeatureRegistryService registry, AuditLog audit)
{
    /// <summary>Most letters that one call replays or discards.</summary>
    public const int MaxLetters = 1000;

    /// <summary>Oldest first within a topic.</summary>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<DeadLetter>> ListAsync(string? topic, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of dead letters", limit, 1, 1000);
        var query = Json.Write(new[] { "dead-letters", topic });
        var after = pageToken is null ? new Position("", -1, "") : PageToken.Read<Position>(pageToken, query);
        var letters = await db.ReadAsync(
            session => StreamStore.DeadLettersAsync(session, topic, (after.Topic, after.Offset, after.View), limit + 1, cancel), cancel);
        return PageToken.Cut(letters, limit, query, letter => new Position(letter.Topic, letter.Offset, letter.View));
    }

    /// <summary>
    /// Gives letters to their views again, at the end of the topic, and to no other view. One that still cannot be taken becomes a letter anew.
    /// Letters of a version of a view that is no longer in force stay: its successor has read the topic for itself.
    /// </summary>
    /// <param name="payload">A JSON object to take instead of what was sent; for a single letter only.</param>
    /// <exception cref="SlipwayException">Invalid; NotFound when the selection names letters and none of them is there.</exception>
    public async Task<DeadLetterChange> ReplayAsync(DeadLetterSelection selection, byte[]? payload, Actor actor, CancellationToken cancel)
    {
        Check(selection);
        var inForce = (await registry.StreamingViewsAsync(cancel)).Select(view => view.Key).ToHashSet(StringComparer.Ordinal);
        return await db.WriteAsync(
            async session =>
            {
                var found = await FindAsync(session, selection, cancel);
                var letters = found.Where(letter => inForce.Contains(letter.View)).ToList();
                if (payload is not null && letters.Count != 1)
                {
                    throw SlipwayException.Invalid($"Another payload replaces that of one letter; the selection holds {letters.Count}.");
                }

                await log.AppendAsync(session, selection.Topic, [.. letters.Select(letter => ReplayOf(letter, payload))], cancel);
                return await RemoveAsync(session, selection, "replay", letters, found.Count - letters.Count, actor, cancel);
            },
            cancel);
    }

    /// <inheritdoc cref="ReplayAsync"/>
    /// <summary>Throws letters away for good; what was sent stays in the topic.</summary>
    public Task<DeadLetterChange> DiscardAsync(DeadLetterSelection selection, Actor actor, CancellationToken cancel)
    {
        Check(selection);
        return db.WriteAsync(
            async session => await RemoveAsync(
                session, selection, "discard", await FindAsync(session, selection, cancel), 0, actor, cancel),
            cancel);
    }

    private static async Task<List<DeadLetter>> FindAsync(DbSession session, DeadLetterSelection selection, CancellationToken cancel)
    {
        var found = await StreamStore.DeadLettersAsync(session, selection, MaxLetters, cancel);
        return found.Count > 0 || selection.Offsets is null ? found : throw SlipwayException.NotFound(
            $"Topic '{selection.Topic}' has no such dead letter: offset {string.Join(", ", selection.Offsets)}{(selection.View is null ? "" : $" of {selection.View}")}.");
    }

    private async Task<DeadLetterChange> RemoveAsync(
        DbSession session, DeadLetterSelection selection, string action, List<DeadLetter> letters, int left, Actor actor, CancellationToken cancel)
    {
        foreach (var letter in letters)
        {
            await StreamStore.RemoveDeadLetterAsync(session, letter, cancel);
        }

        if (letters.Count > 0)
        {
            await audit.AppendAsync(session, actor, $"dead_letters.{action}", selection.Topic, new { selection.View, letters.Count }, cancel);
        }

        return new DeadLetterChange(letters.Count, left);
    }

    private static NewEvent ReplayOf(DeadLetter letter, byte[]? payload) => TopicEvents.OfReplay(
        letter.View, letter.Offset, Microseconds.From(letter.EventTime), payload ?? System.Text.Encoding.UTF8.GetBytes(letter.Payload));

    private static void Check(DeadLetterSelection selection)
    {
        if (selection.Topic is null or "")
        {
            throw SlipwayException.Invalid("Say of which 'topic' the dead letters are.");
        }

        if (selection.Offsets is { Count: 0 or > MaxLetters } offsets)
        {
            throw SlipwayException.Invalid($"'offsets' names 1 to {MaxLetters} letters; got {offsets.Count}.");
        }
    }

    private sealed record Position(string Topic, long Offset, string View);
}
