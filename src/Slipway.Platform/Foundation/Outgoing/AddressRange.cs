using System.Net;
using System.Net.Sockets;

namespace Slipway.Platform.Foundation.Outgoing;

/// <summary>Which addresses belong to the public Internet, and what the others are for.</summary>
internal static class AddressRange
{
    /// <summary>IANA's special-purpose registries (RFC 6890 and its successors), the more specific ranges first.</summary>
    private static readonly (IPNetwork Range, string Use)[] Special =
    [
        .. Ranges("loopback", "127.0.0.0/8", "::1/128"),
        .. Ranges("unspecified", "0.0.0.0/8", "::/128"),
        .. Ranges("link-local", "169.254.0.0/16", "fe80::/10"),
        .. Ranges("private", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"),
        .. Ranges("shared by a provider's customers", "100.64.0.0/10"),
        .. Ranges("multicast", "224.0.0.0/4", "ff00::/8"),
        .. Ranges("for protocols, documentation or tests", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
            "198.51.100.0/24", "203.0.113.0/24", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "64:ff9b:1::/48"),
        .. Ranges("reserved", "240.0.0.0/4"),
    ];

    /// <returns>What the address is for when it is not public; null when it is.</returns>
    public static string? UseOf(IPAddress address)
    {
        var real = Embedded(address);
        return Array.Find(Special, special => special.Range.Contains(real)).Use;
    }

    /// <summary>The IPv4 address that an IPv6 one stands for (mapped, compatible, NAT64, 6to4), or the address itself.</summary>
    public static IPAddress Embedded(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        var isNat64 = bytes.StartsWith((ReadOnlySpan<byte>)[0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]);
        var isCompatible = !bytes[..12].ContainsAnyExcept((byte)0) && bytes[12] != 0;
        return address.IsIPv4MappedToIPv6 || isNat64 || isCompatible ? new IPAddress(bytes[12..])
            : bytes[0] == 0x20 && bytes[1] == 0x02 ? new IPAddress(bytes[2..6])
            : address;
    }

    private static IEnumerable<(IPNetwork, string)> Ranges(string use, params string[] ranges) =>
        ranges.Select(range => (IPNetwork.Parse(range), use));
}
