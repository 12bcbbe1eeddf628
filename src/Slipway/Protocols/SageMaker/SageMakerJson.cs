using System.Text.Json;

namespace Slipway.Protocols.SageMaker;

internal static class SageMakerJson
{
    public static async Task WriteJsonAsync<T>(this HttpResponse response, Action<Utf8JsonWriter, T> write, T value, CancellationToken cancel)
    {
        response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(response.BodyWriter);
        write(json, value);
        await json.FlushAsync(cancel);
    }
}
