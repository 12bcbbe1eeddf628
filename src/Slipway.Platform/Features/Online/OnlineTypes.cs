using System.ComponentModel.DataAnnotations;

namespace Slipway.Platform.Features.Online;

/// <summary>The values of one entity in one view, to be written.</summary>
/// <param name="Key">As <see cref="EntityKeys"/> encodes it; empty for a view without an entity.</param>
/// <param name="EventTimeUs">
/// Since when the values hold. The greatest wins, then the greatest <paramref name="CreatedUs"/>, then the last written.
/// </param>
/// <param name="CreatedUs">When the values were computed.</param>
/// <param name="Bytes">As the view's <see cref="RowLayout"/> packs it.</param>
public sealed record OnlineRow(byte[] Key, long EventTimeUs, long CreatedUs, byte[] Bytes);

/// <param name="View">The key of the view's version, such as <c>airport_arrivals@2</c>.</param>
public sealed record OnlineWrite(string View, IReadOnlyList<OnlineRow> Rows);

/// <summary>The values of one entity in one view, as read. Shared with other readers: never to be changed.</summary>
public sealed record OnlineEntry(long EventTimeUs, long CreatedUs, byte[] Bytes);

public sealed record OnlineStoreOptions
{
    /// <summary>For whole views held in front of the embedded database; a view that does not fit is read from it each time.</summary>
    [Range(0, 1 << 20)]
    public int CacheMegabytes { get; init; } = 512;
}
