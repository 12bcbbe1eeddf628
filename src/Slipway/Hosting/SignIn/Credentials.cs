using System.Net.Http.Headers;
using System.Text;

namespace Slipway.Hosting.SignIn;

/// <summary>What a request shows of its caller.</summary>
/// <param name="Text">An API key, or a token.</param>
internal readonly record struct Credentials(string Text)
{
    public const string KeyHeader = "X-Api-Key";

    /// <summary>
    /// <c>Authorization: Bearer TEXT</c>, <c>Authorization: Basic</c> with the text as the password of any user, as MLflow's clients
    /// send it, or <c>X-Api-Key: TEXT</c>. Cookies are never looked at: a browser would send them for another site's page.
    /// </summary>
    /// <returns>Null when nothing is shown, or in none of these forms.</returns>
    public static Credentials? Of(IHeaderDictionary headers)
    {
        if (headers.Authorization is [{ Length: > 0 } header])
        {
            return AuthenticationHeaderValue.TryParse(header, out var parsed) ? Of(parsed) : null;
        }

        return headers.TryGetValue(KeyHeader, out var key) && key is [{ Length: > 0 } text] ? new Credentials(text) : null;
    }

    private static Credentials? Of(AuthenticationHeaderValue header) => header.Parameter switch
    {
        null or "" => null,
        var text when header.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase) => new Credentials(text),
        var text when header.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) => PasswordOf(text),
        _ => null,
    };

    private static Credentials? PasswordOf(string base64)
    {
        var bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out var length))
        {
            return null;
        }

        var pair = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || colon + 1 == pair.Length ? null : new Credentials(pair[(colon + 1)..]);
    }
}
