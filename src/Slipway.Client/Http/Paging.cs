using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Serialization.Metadata;

namespace Slipway.Client.Http;

/// <summary>Walks the pages of a list, one request at a time, as far as the caller goes.</summary>
internal static class Paging
{
    public static async IAsyncEnumerable<T> ListAsync<T>(
        this Transport transport, string path, JsonTypeInfo<Page<T>> type, [EnumeratorCancellation] CancellationToken cancel)
    {
        string? token = null;
        do
        {
            var page = await transport.GetAsync(token is null ? path : With(path, "pageToken", token), type, cancel);
            foreach (var item in page.Items)
            {
                yield return item;
            }

            token = page.NextPageToken;
        }
        while (token is not null);
    }

    /// <summary>Adds a query parameter, or nothing for null.</summary>
    public static string With(string path, string name, string? value) => value is null
        ? path
        : new StringBuilder(path).Append(path.Contains('?', StringComparison.Ordinal) ? '&' : '?').Append(name).Append('=')
            .Append(Uri.EscapeDataString(value)).ToString();

    public static string With(string path, string name, long? value) =>
        With(path, name, value?.ToString(CultureInfo.InvariantCulture));

    /// <summary>One segment of a path.</summary>
    public static string Segment(string text) => Uri.EscapeDataString(text);

    /// <summary>A path of several segments, whose slashes stay.</summary>
    public static string Segments(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
}
