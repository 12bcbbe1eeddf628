using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Slipway.Platform.Access;

/// <summary>
/// SHA-256 over the previous row's hash and the row's fields, in this order: previous hash, seq, at_ms, actor, action, object,
/// detail. A number is 8 bytes, big-endian; a text is its length in UTF-8 bytes (4 bytes, big-endian) and those bytes, so no
/// two rows have the same input. The row before the first has 64 zeros as its hash.
/// </summary>
public static class AuditHash
{
    public static string Genesis { get; } = new('0', 64);

    /// <param name="entry">Its own <see cref="AuditEntry.Hash"/> is not read.</param>
    public static string Of(AuditEntry entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, entry.PreviousHash);
        Add(hash, entry.Seq);
        Add(hash, entry.AtMs);
        Add(hash, entry.Actor);
        Add(hash, entry.Action);
        Add(hash, entry.Object);
        Add(hash, entry.Detail);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        hash.AppendData(bytes);
    }

    private static void Add(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
