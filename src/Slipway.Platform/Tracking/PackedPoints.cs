using System.Text;

namespace Slipway.Platform.Tracking;

/// <summary>
/// The points of a batch as bytes: the format's number, then for each point its key with its length, step and time as
/// integers of 7 bits to the byte, kind, and for a finite value its 8 bytes. About 30 bytes a point.
/// </summary>
internal static class PackedPoints
{
    private const byte Format = 1;

    public static byte[] Pack(IReadOnlyCollection<MetricRow> points)
    {
        using var buffer = new MemoryStream(1 + (points.Count * 40));
        using (var writer = new BinaryWriter(buffer, Encoding.UTF8))
        {
            writer.Write(Format);
            foreach (var point in points)
            {
                writer.Write(point.Key);
                writer.Write7BitEncodedInt64(point.Step);
                writer.Write7BitEncodedInt64(point.TimestampMs);
                writer.Write((sbyte)point.Kind);
                if (point.Kind == 0)
                {
                    writer.Write(point.Value);
                }
            }
        }

        return buffer.ToArray();
    }

    /// <summary>Adds the points to a list.</summary>
    /// <exception cref="InvalidDataException">The bytes are of another format.</exception>
    public static void Unpack(byte[] packed, List<MetricRow> into)
    {
        using var reader = new BinaryReader(new MemoryStream(packed), Encoding.UTF8);
        if (reader.ReadByte() is var format && format != Format)
        {
            throw new InvalidDataException($"Points are packed in format {format}; this program reads {Format}.");
        }

        while (reader.BaseStream.Position < packed.Length)
        {
            var (key, step, time, kind) = (reader.ReadString(), reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64(), reader.ReadSByte());
            into.Add(new MetricRow(key, step, time, kind, kind == 0 ? reader.ReadDouble() : 0));
        }
    }
}
