using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Slipway.Configuration;

/// <param name="Host">An IP address, or <c>*</c> for every address of this machine.</param>
/// <param name="Port">0 takes any free port.</param>
internal sealed record ListenAddress(string Host, int Port)
{
    public bool IsLoopback => Host != "*" && IPAddress.IsLoopback(IPAddress.Parse(Host));

    public IPEndPoint ToEndPoint() => new(
        Host == "*" ? (Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any) : IPAddress.Parse(Host), Port);

    /// <exception cref="FormatException">The text is not <c>http://HOST:PORT</c>; the message says which part is wrong.</exception>
    public static ListenAddress Parse(string text)
    {
        const string scheme = "http://";
        if (!text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        {
            throw new FormatException("it does not start with http://");
        }

        var rest = text[scheme.Length..].TrimEnd('/');
        var colon = rest.LastIndexOf(':');
        if (colon < 0 || rest.EndsWith(']'))
        {
            throw new FormatException("it has no port");
        }

        if (!ushort.TryParse(rest[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            throw new FormatException($"'{rest[(colon + 1)..]}' is not a port from 0 to 65535");
        }

        return new ListenAddress(ParseHost(rest[..colon]), port);
    }

    public override string ToString() => Host.Contains(':') ? $"http://[{Host}]:{Port}" : $"http://{Host}:{Port}";

    private static string ParseHost(string host) => host switch
    {
        "*" or "+" => "*",
        "localhost" => "127.0.0.1",
        ['[', .. var inner, ']'] when IPAddress.TryParse(inner, out var v6) => v6.ToString(),
        _ when !host.Contains(':') && IPAddress.TryParse(host, out var v4) => v4.ToString(),
        _ => throw new FormatException($"'{host}' is not an IP address, localhost or *"),
    };
}
