using Slipway.Core.Errors;
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
/// at the same place: watermarks, events for one of the stores only, and dead letters that one view is to take in again.
/// </summary>
public static class TopicEvents
{
    private const string Watermark = "watermark:";
    private const string Online = "online:";
    private const string Offline = "offline:";
    private const string Replay = "replay:";

    private static readonly string[] Kept = [Watermark, Online, Offline, Replay];

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

    public static bool IsWatermark(StoredEvent e) => e.Payload.Length == 0;

    /// <param name="view">The key of the view that reads.</param>
    /// <param name="online">What it computes: what is served, or the history for a training set.</param>
    public static bool IsFor(StoredEvent e, string view, bool online) =>
        Has(e, Online) ? online
        : Has(e, Offline) ? !online
        : !Has(e, Replay) || e.Id.AsSpan(Replay.Length).StartsWith($"{view}:", StringComparison.Ordinal);

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

    private static bool Has(StoredEvent e, string prefix) => e.Id.StartsWith(prefix, StringComparison.Ordinal);
}
