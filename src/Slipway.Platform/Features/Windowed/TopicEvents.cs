using System.Globalization;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Features.Windowed;

/// <summary>Where a pushed event is to be seen.</summary>
public enum PushTarget
{
    OnlineAndOffline,

    /// <summary>Not in training sets.</summary>
    Online,

    /// <summary>Not in the online store.</summary>
    Offline,
}

/// <summary>
/// What travels in a topic beside plain events, told by the beginning of its id, so that every reader, and every reading again, meets it
/// at the same place: watermarks, events for one of the stores only, rows that say how long they are served, deletions of an entity from one view,
/// and dead letters that one view is to take in again.
/// </summary>
public static class TopicEvents
{
    private const string Watermark = "watermark:";
    private const string Online = "online:";
    private const string Offline = "offline:";
    private const string Replay = "replay:";
    private const string Until = "record-until:";
    private const string Deletion = "record-deleted:";

    private static readonly string[] Kept = [Watermark, Online, Offline, Replay, Until, Deletion];

    /// <summary>No payload, and the watermark as its time.</summary>
    public static NewEvent OfWatermark(long watermarkUs) => new($"{Watermark}{watermarkUs}", null, watermarkUs, []);

    public static NewEvent For(PushTarget target, NewEvent e) => target switch
    {
        PushTarget.Online => e with { Id = Online + e.Id },
        PushTarget.Offline => e with { Id = Offline + e.Id },
        _ => e,
    };

    /// <param name="view">Its key; no other view takes the event.</param>
    /// <param name="offset">Where in the topic the event stood that could not be taken: it is replayed once.</param>
    public static NewEvent OfReplay(string view, long offset, long timeUs, byte[] payload) =>
        new($"{Replay}{view}:{offset}", null, timeUs, payload);

    /// <param name="untilUs">The row is served up to here, whatever the TTL of a view.</param>
    public static NewEvent Expiring(long untilUs, NewEvent e) =>
        e with { Id = string.Create(CultureInfo.InvariantCulture, $"{Until}{untilUs}:{e.Id}") };

    /// <param name="view">Its name; the deletion is for every version of it, and for no other view.</param>
    public static NewEvent OfDeletion(string view, NewEvent e) => e with { Id = $"{Deletion}{view}:{e.Id}" };

    /// <returns>Until when the event's row is served, or <see cref="RowUntil.Deleted"/>; null where the event says nothing.</returns>
    internal static long? UntilOf(StoredEvent e)
    {
        var id = Bare(e);
        if (!id.StartsWith(Until, StringComparison.Ordinal))
        {
            return id.StartsWith(Deletion, StringComparison.Ordinal) ? RowUntil.Deleted : null;
        }

        var time = id[Until.Length..];
        return long.Parse(time[..time.IndexOf(':')], CultureInfo.InvariantCulture);
    }

    public static bool IsWatermark(StoredEvent e) => e.Payload.Length == 0;

    /// <param name="view">The key of the view that reads.</param>
    /// <param name="online">What it computes: what is served, or the history for a training set.</param>
    public static bool IsFor(StoredEvent e, string view, bool online) =>
        !Has(e, online ? Offline : Online) && Bare(e) is var id
        && (id.StartsWith(Replay, StringComparison.Ordinal) ? id[Replay.Length..].StartsWith($"{view}:", StringComparison.Ordinal)
            : !id.StartsWith(Deletion, StringComparison.Ordinal)
                || id[Deletion.Length..].StartsWith($"{view.AsSpan(0, view.LastIndexOf('@'))}:", StringComparison.Ordinal));

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for an event that could be taken for one of the others.</exception>
    public static void Refuse(NewEvent e)
    {
        if (Kept.FirstOrDefault(prefix => e.Id.StartsWith(prefix, StringComparison.Ordinal)) is { } taken)
        {
            throw SlipwayException.Invalid($"Event '{e.Id}': ids that begin with '{taken}' are kept for the server.");
        }

        if (e.Payload.Length == 0)
        {
            throw SlipwayException.Invalid($"Event '{e.Id}' has no payload; a JSON object is needed.");
        }
    }

    /// <summary>The id without the store that it is for.</summary>
    private static ReadOnlySpan<char> Bare(StoredEvent e) =>
        e.Id.AsSpan(Has(e, Online) ? Online.Length : Has(e, Offline) ? Offline.Length : 0);

    private static bool Has(StoredEvent e, string prefix) => e.Id.StartsWith(prefix, StringComparison.Ordinal);
}
