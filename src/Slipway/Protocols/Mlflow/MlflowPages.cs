using System.Text.Json;
using Slipway.Platform.Foundation;

namespace Slipway.Protocols.Mlflow;

internal static class MlflowPages
{
    /// <summary>So much of an answer is gathered before it is sent.</summary>
    private const int BytesAtOnce = 1 << 18;

    /// <summary>
    /// Answers with a page that may be long: what is written goes out meanwhile, so that a page of megabytes is never held as a whole.
    /// </summary>
    public static async Task AnswerPageAsync<T>(this MlflowCall call, string name, Page<T> page, Action<Utf8JsonWriter, T> write)
    {
        var response = call.Http.Response;
        response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(response.BodyWriter, MlflowCall.JsonFormat))
        {
            var sent = 0L;
            json.WriteStartObject();
            json.StartPage(name, page);
            foreach (var item in page.Items)
            {
                write(json, item);
                if (json.BytesCommitted + json.BytesPending - sent >= BytesAtOnce)
                {
                    await json.FlushAsync(call.Cancel);
                    await response.BodyWriter.FlushAsync(call.Cancel);
                    sent = json.BytesCommitted;
                }
            }

            json.EndPage(page);
            json.WriteEndObject();
        }

        await response.BodyWriter.FlushAsync(call.Cancel);
    }

    /// <summary>The rows, left out when there are none, and where the next page starts.</summary>
    public static void WritePage<T>(this Utf8JsonWriter json, string name, Page<T> page, Action<Utf8JsonWriter, T> write)
    {
        json.StartPage(name, page);
        foreach (var item in page.Items)
        {
            write(json, item);
        }

        json.EndPage(page);
    }

    private static void StartPage<T>(this Utf8JsonWriter json, string name, Page<T> page)
    {
        if (page.Items.Count > 0)
        {
            json.WriteStartArray(name);
        }
    }

    private static void EndPage<T>(this Utf8JsonWriter json, Page<T> page)
    {
        if (page.Items.Count > 0)
        {
            json.WriteEndArray();
        }

        if (page.NextPageToken is not null)
        {
            json.WriteString("next_page_token"u8, page.NextPageToken);
        }
    }
}
