using System.Text.Json;

namespace Slipway.Platform.Features.Sources;

/// <summary>Numbers as the rest of the REST interface writes them: what JSON has no number for is a string.</summary>
internal static class JsonNumber
{
    public static void Write(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumberValue(value);
            return;
        }

        json.WriteStringValue(double.IsNaN(value) ? "NaN"u8 : value > 0 ? "Infinity"u8 : "-Infinity"u8);
    }
}
