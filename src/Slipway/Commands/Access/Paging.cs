using Slipway.Platform.Foundation;

namespace Slipway.Commands.Access;

internal static class Paging
{
    /// <param name="page">Gives the page after a token; the first one after null.</param>
    public static async Task<List<T>> AllAsync<T>(Func<string?, Task<Page<T>>> page)
    {
        var all = new List<T>();
        string? token = null;
        do
        {
            var next = await page(token);
            all.AddRange(next.Items);
            token = next.NextPageToken;
        }
        while (token is not null);

        return all;
    }
}
