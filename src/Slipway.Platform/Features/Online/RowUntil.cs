using System.Buffers.Binary;

namespace Slipway.Platform.Features.Online;

/// <summary>
/// Until when a row itself says that it is served, whatever its view's TTL. It stands behind the packed row, 8 bytes little-endian, and
/// the highest bit of the row's format says that it is there.
/// </summary>
internal static class RowUntil
{
    /// <summary>The column of a history that carries it; null where a row says nothing.</summary>
    public const string Column = "row__until";

    /// <summary>Instead of a time: the entity was deleted at the row's event time. Older rows stay hidden behind it.</summary>
    public const long Deleted = long.MinValue;

    private const byte Marked = 0x80;

    public static byte[] Append(byte[] row, long untilUs)
    {
        var marked = new byte[row.Length + sizeof(long)];
        row.CopyTo(marked, 0);
        marked[0] |= Marked;
        BinaryPrimitives.WriteInt64LittleEndian(marked.AsSpan(row.Length), untilUs);
        return marked;
    }

    /// <returns>Microseconds since the epoch, or <see cref="Deleted"/>; null where the row says nothing.</returns>
    public static long? Of(ReadOnlySpan<byte> row) =>
        row.Length > 0 && (row[0] & Marked) != 0 ? BinaryPrimitives.ReadInt64LittleEndian(row[^sizeof(long)..]) : null;
}
