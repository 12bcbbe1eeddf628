using System.Runtime.InteropServices;
using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Sources;

/// <summary>Packed arrays as JSON, with no array of their values in between.</summary>
internal static class JsonArrays
{
    public static void Write(Utf8JsonWriter json, DataType array, ReadOnlySpan<byte> packed)
    {
        json.WriteStartArray();
        switch (array.Element())
        {
            case DataType.Bool:
                foreach (var value in packed)
                {
                    json.WriteBooleanValue(value != 0);
                }

                break;
            case DataType.String:
                while (packed.Length > 0)
                {
                    json.WriteStringValue(PackedArray.NextText(ref packed));
                }

                break;
            case DataType.Float32:
                foreach (var value in MemoryMarshal.Cast<byte, float>(packed))
                {
                    JsonNumber.Write(json, value);
                }

                break;
            case DataType.Float64:
                foreach (var value in MemoryMarshal.Cast<byte, double>(packed))
                {
                    JsonNumber.Write(json, value);
                }

                break;
            case var element:
                foreach (var value in MemoryMarshal.Cast<byte, long>(packed))
                {
                    if (element == DataType.Timestamp)
                    {
                        json.WriteStringValue(Microseconds.ToDateTimeOffset(value));
                    }
                    else
                    {
                        json.WriteNumberValue(value);
                    }
                }

                break;
        }

        json.WriteEndArray();
    }
}
