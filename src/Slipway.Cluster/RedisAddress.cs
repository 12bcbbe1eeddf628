using System.Globalization;
using System.Net;

namespace Slipway.Cluster;

/// <summary>Where a Redis or Valkey is: <c>redis[s]://[USER:PASSWORD@]HOST[:PORT][/DATABASE][?prefix=NAME]</c>.</summary>
/// <param name="Prefix">Begins every key, so that several installations can share a server.</param>
public sealed record RedisAddress(string Host, int Port, bool Tls, string? User, string? Password, int Database, string Prefix)
{
    private const int DefaultPort = 6379;
    private const string DefaultPrefix = "slipway";

    /// <summary>Without what is secret.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}/{Database}");

    /// <exception cref="FormatException">The message says which part is wrong.</exception>
    public static RedisAddress Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("redis" or "rediss") || url.Host.Length == 0)
        {
            throw new FormatException("it is not a redis:// or rediss:// address with a host");
        }

        var path = url.AbsolutePath.Trim('/');
        if (!int.TryParse(path.Length == 0 ? "0" : path, NumberStyles.None, CultureInfo.InvariantCulture, out var database))
        {
            throw new FormatException($"'{path}' is not the number of a database");
        }

        var colon = url.UserInfo.IndexOf(':');
        var user = colon < 0 ? "" : Uri.UnescapeDataString(url.UserInfo[..colon]);
        var password = Uri.UnescapeDataString(colon < 0 ? url.UserInfo : url.UserInfo[(colon + 1)..]);
        return new RedisAddress(
            url.Host, url.IsDefaultPort || url.Port < 0 ? DefaultPort : url.Port, url.Scheme == "rediss", user.Length == 0 ? null : user,
            password.Length == 0 ? null : password, database, PrefixOf(url.Query));
    }

    /// <remarks>The generated one would print the password.</remarks>
    public override string ToString() => Name;

    internal EndPoint EndPoint => IPAddress.TryParse(Host.Trim('[', ']'), out var address) ? new IPEndPoint(address, Port) : new DnsEndPoint(Host, Port);

    private static string PrefixOf(string query)
    {
        const string name = "?prefix=";
        return query.Length == 0 ? DefaultPrefix
            : query.StartsWith(name, StringComparison.Ordinal) && query.Length > name.Length && query[name.Length..].All(IsPlain) ? query[name.Length..]
            : throw new FormatException($"'{query}' is not ?prefix= and a name of letters, digits, '-' and '_'");
    }

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_';
}
