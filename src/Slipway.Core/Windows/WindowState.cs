using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Core.Windows;

/// <summary>
/// The bytes of a <see cref="WindowAggregator"/>: fingerprint of the definition, counters, keys, and per key what is pending and summed
/// up; a SHA-256 of all that at the end. What can be computed again from those is left out.
/// </summary>
internal static class WindowState
{
    private const int HashBytes = SHA256.HashSizeInBytes;

    public static byte[] Save(WindowAggregator aggregator, WindowDefinition definition)
    {
        using var buffer = new MemoryStream();
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        writer.Write(Fingerprint(definition));
        writer.Write(aggregator.ClosedHop.HasValue);
        writer.Write(aggregator.ClosedHop ?? 0);
        writer.Write(aggregator.Watermark.HasValue);
        writer.Write(aggregator.Watermark ?? 0);
        writer.Write(aggregator.Accepted);
        writer.Write(aggregator.Refused);
        writer.Write(aggregator.Windows.Count);
        foreach (var component in aggregator.Index.Keys())
        {
            WriteKeys(writer, component);
        }

        foreach (var ids in aggregator.Inputs.Ids)
        {
            ids?.Save(writer);
        }

        foreach (var windows in aggregator.Windows)
        {
            Write(writer, windows, aggregator.Inputs);
        }

        writer.Flush();
        return [.. buffer.ToArray(), .. SHA256.HashData(buffer.ToArray())];
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the bytes are damaged or belong to another definition.</exception>
    public static void Restore(WindowAggregator aggregator, WindowDefinition definition, byte[] state)
    {
        var body = state.AsSpan(0, Math.Max(0, state.Length - HashBytes));
        if (state.Length < HashBytes || !SHA256.HashData(body).AsSpan().SequenceEqual(state.AsSpan(body.Length)))
        {
            throw SlipwayException.Invalid($"The window state of {state.Length} bytes is damaged: its checksum differs.");
        }

        using var reader = new BinaryReader(new MemoryStream(state, 0, body.Length), Encoding.UTF8);
        if (!reader.ReadBytes(HashBytes).AsSpan().SequenceEqual(Fingerprint(definition)))
        {
            throw SlipwayException.Invalid("The window state was saved under another definition.");
        }

        var closed = reader.ReadBoolean();
        var hop = reader.ReadInt64();
        aggregator.ClosedHop = closed ? hop : null;
        var marked = reader.ReadBoolean();
        var watermark = reader.ReadInt64();
        aggregator.Watermark = marked ? watermark : null;
        aggregator.Accepted = reader.ReadInt64();
        aggregator.Refused = reader.ReadInt64();
        var keys = reader.ReadInt32();
        var components = aggregator.Index.Keys().Select(c => ReadKeys(reader, c, keys)).ToList();
        if (components.Count > 0)
        {
            aggregator.Index.Add(components);
        }

        if (keys > 0)
        {
            aggregator.GrowWindows();
        }

        foreach (var ids in aggregator.Inputs.Ids)
        {
            ids?.Restore(reader);
        }

        foreach (var windows in aggregator.Windows)
        {
            Read(reader, windows, aggregator);
        }
    }

    private static void WriteKeys(BinaryWriter writer, Column component)
    {
        for (var row = 0; row < component.Length; row++)
        {
            switch (component.Type)
            {
                case DataType.String:
                    writer.Write(component.Strings[row]!);
                    break;
                case DataType.Bool:
                    writer.Write(component.Bools[row]);
                    break;
                default:
                    writer.Write(component.Longs[row]);
                    break;
            }
        }
    }

    private static Column ReadKeys(BinaryReader reader, Column component, int count) => component.Type switch
    {
        DataType.String => Column.String(component.Name, Read(count, reader.ReadString)),
        DataType.Bool => Column.Bool(component.Name, Read(count, reader.ReadBoolean)),
        DataType.Timestamp => Column.Timestamp(component.Name, Read(count, reader.ReadInt64)),
        _ => Column.Int64(component.Name, Read(count, reader.ReadInt64)),
    };

    private static void Write(BinaryWriter writer, KeyWindows windows, EventInputs inputs)
    {
        writer.Write(windows.Events.Times.Count);
        foreach (var time in windows.Events.Times)
        {
            writer.Write(time);
        }

        foreach (var value in windows.Events.Values)
        {
            writer.Write(value);
        }

        var buckets = windows.Buckets;
        writer.Write(buckets.End - buckets.First);
        for (var bucket = buckets.First; bucket < buckets.End; bucket++)
        {
            writer.Write(buckets.Hop(bucket));
            for (var input = 0; input < inputs.Count; input++)
            {
                Write(writer, buckets.At(bucket, input));
            }

            for (var slot = 0; slot < inputs.Codes.Count; slot++)
            {
                Write(writer, buckets.CodesAt(bucket, slot));
            }
        }
    }

    private static void Read(BinaryReader reader, KeyWindows windows, WindowAggregator aggregator)
    {
        var inputs = aggregator.Inputs;
        var times = Read(reader.ReadInt32(), reader.ReadInt64);
        foreach (var time in times)
        {
            windows.Restore(time, Read(inputs.Count, reader.ReadDouble), aggregator.ClosedHop ?? long.MinValue);
        }

        var buckets = reader.ReadInt32();
        for (var bucket = 0; bucket < buckets; bucket++)
        {
            windows.Buckets.Push(
                reader.ReadInt64(), Read(inputs.Count, () => ReadSummary(reader)), Read(inputs.Codes.Count, () => ReadCodes(reader)));
        }

        if (aggregator.ClosedHop is { } closed)
        {
            windows.Restart(closed);
        }
    }

    private static void Write(BinaryWriter writer, Codes codes)
    {
        writer.Write(codes.Values.Length);
        for (var i = 0; i < codes.Values.Length; i++)
        {
            writer.Write(codes.Values[i]);
            writer.Write(codes.Counts[i]);
        }
    }

    private static Codes ReadCodes(BinaryReader reader)
    {
        var values = new long[reader.ReadInt32()];
        var counts = new int[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = reader.ReadInt64();
            counts[i] = reader.ReadInt32();
        }

        return new Codes(values, counts);
    }

    private static void Write(BinaryWriter writer, Summary summary)
    {
        writer.Write(summary.Count);
        writer.Write(summary.Sum);
        writer.Write(summary.SquaredDeviations);
        writer.Write(summary.Min);
        writer.Write(summary.Max);
        writer.Write(summary.First);
        writer.Write(summary.Last);
    }

    private static Summary ReadSummary(BinaryReader reader) => new(
        reader.ReadInt64(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(),
        reader.ReadDouble());

    private static T[] Read<T>(int count, Func<T> read)
    {
        var values = new T[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = read();
        }

        return values;
    }

    private static byte[] Fingerprint(WindowDefinition definition)
    {
        var text = new StringBuilder("windows 2\n");
        foreach (var part in definition.Keys.Prepend(definition.EventTimestamp))
        {
            Append(text, part);
        }

        text.Append(CultureInfo.InvariantCulture, $"{definition.Hop.Ticks} {definition.AllowedLateness.Ticks} {definition.MaxOutOfOrderness?.Ticks}\n");
        foreach (var one in definition.Aggregations)
        {
            Append(text, one.Name);
            Append(text, one.Input ?? "");
            text.Append(CultureInfo.InvariantCulture, $"{one.Function} {one.Kind} {one.Window.Ticks} {one.Quantile:R} {one.InputType}\n");
        }

        return SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
    }

    // With its length in front, a part cannot run into the next.
    private static void Append(StringBuilder text, string part) =>
        text.Append(CultureInfo.InvariantCulture, $"{part.Length}:{part}\n");
}
