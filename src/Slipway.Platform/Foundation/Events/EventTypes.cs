namespace Slipway.Platform.Foundation.Events;

/// <summary>An event to append.</summary>
/// <param name="Id">Given by the producer; a topic holds an id once, so sending again after a crash changes nothing.</param>
/// <param name="Key">Events of one key keep their order.</param>
/// <param name="TimeUs">When it happened, microseconds since the epoch, UTC.</param>
/// <param name="Payload">At most 1 MiB.</param>
public sealed record NewEvent(string Id, string? Key, long TimeUs, byte[] Payload);

/// <param name="Offset">Position in the topic, from 0.</param>
/// <param name="AppendedUs">When the topic took it, by the clock of the server that did; 0 for one taken before that was kept.</param>
public sealed record StoredEvent(long Offset, string Id, string? Key, long TimeUs, byte[] Payload, long AppendedUs = 0);
