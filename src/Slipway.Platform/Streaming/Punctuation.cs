using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Streaming;

/// <summary>
/// A watermark travels in its topic between the events, so that every reader, and every reading again, meets it at the same
/// place: an event without payload, whose time is the watermark and whose id begins with <see cref="Prefix"/>.
/// </summary>
internal static class Punctuation
{
    public const string Prefix = "watermark:";

    public static NewEvent Of(long watermarkUs) => new($"{Prefix}{watermarkUs}", null, watermarkUs, []);

    public static bool Is(StoredEvent e) => e.Payload.Length == 0;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for an event that could be taken for punctuation.</exception>
    public static void Refuse(NewEvent e)
    {
        if (e.Id.StartsWith(Prefix, StringComparison.Ordinal))
        {
            throw SlipwayException.Invalid($"Event '{e.Id}': ids that begin with '{Prefix}' are kept for watermarks.");
        }

        if (e.Payload.Length == 0)
        {
            throw SlipwayException.Invalid($"Event '{e.Id}' has no payload; a JSON object is needed.");
        }
    }
}
