using System.Text.Json;
using Slipway.Platform.Foundation;

namespace Slipway.Protocols.Mlflow;

internal static class MlflowPages
{
    /// <summary>The rows, left out when there are none, and where the next page starts.</summary>
    public static void WritePage<T>(this Utf8JsonWriter json, string name, Page<T> page, Action<Utf8JsonWriter, T> write)
    {
        if (page.Items.Count > 0)
        {
            json.WriteStartArray(name);
            foreach (var item in page.Items)
            {
                write(json, item);
            }

            json.WriteEndArray();
        }

        if (page.NextPageToken is not null)
        {
            json.WriteString("next_page_token"u8, page.NextPageToken);
        }
    }
}
