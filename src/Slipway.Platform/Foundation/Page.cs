using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation;

/// <param name="NextPageToken">Null on the last page.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextPageToken);

/// <summary>
/// A keyset position made opaque: the next page starts after the last row of the one before, so it costs as little and
/// stays in place while rows are added. A token is bound to its query and refused by another.
/// </summary>
public static class PageToken
{
    /// <param name="query">What was asked, without the limit; the same text must be given to <see cref="Read"/>.</param>
    /// <param name="position">The sort keys of the page's last row.</param>
    public static string Write<T>(string query, T position) =>
        Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new Token<T>(Mark(query), position), Json.Options));

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a token that was not made for this query.</exception>
    public static T Read<T>(string token, string query)
    {
        try
        {
            var read = JsonSerializer.Deserialize<Token<T>>(Base64Url.DecodeFromChars(token), Json.Options);
            if (read is { Position: { } position } && read.Query == Mark(query))
            {
                return position;
            }
        }
        catch (Exception failure) when (failure is FormatException or JsonException)
        {
            // Answered below, as any other token that is not ours.
        }

        throw SlipwayException.Invalid("The page token belongs to another query or is damaged; start again without one.");
    }

    /// <summary>Splits what a query for one row more than the limit gave.</summary>
    /// <param name="rows">At most <paramref name="limit"/> + 1.</param>
    public static Page<T> Cut<T, TPosition>(List<T> rows, int limit, string query, Func<T, TPosition> position) =>
        rows.Count <= limit ? new Page<T>(rows, null) : new Page<T>(rows[..limit], Write(query, position(rows[limit - 1])));

    private static string Mark(string query) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(query)).AsSpan(0, 8));

    private sealed record Token<T>(string Query, T Position);
}
