using System.Net;

namespace Slipway.Platform.Foundation.Outgoing;

/// <summary>Where the operator lets the server call although it is no public address: a host's name, an address, or a range.</summary>
public sealed record AllowedTarget
{
    private readonly string? host;
    private readonly IPNetwork? range;

    private AllowedTarget(string? host, IPNetwork? range) => (this.host, this.range) = (host, range);

    /// <param name="text">Such as <c>hooks.internal</c>, <c>127.0.0.1</c> or <c>10.1.0.0/16</c>.</param>
    /// <exception cref="FormatException">It is none of them.</exception>
    public static AllowedTarget Parse(string text)
    {
        if (IPAddress.TryParse(text, out var address))
        {
            return new AllowedTarget(null, new IPNetwork(address, address.GetAddressBytes().Length * 8));
        }

        if (IPNetwork.TryParse(text, out var range))
        {
            return new AllowedTarget(null, range);
        }

        return Uri.CheckHostName(text) == UriHostNameType.Dns
            ? new AllowedTarget(text, null)
            : throw new FormatException($"'{text}' is neither a host, nor an address, nor a range of addresses");
    }

    /// <summary>The host of a URL that the operator configured, and no other.</summary>
    public static AllowedTarget HostOf(Uri url) => new(url.IdnHost, null);

    /// <param name="name">As the URL has it.</param>
    public bool Covers(string name, IPAddress address) =>
        string.Equals(host, name, StringComparison.OrdinalIgnoreCase) || (range?.Contains(address) ?? false);
}
