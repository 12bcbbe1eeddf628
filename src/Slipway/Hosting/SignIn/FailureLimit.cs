using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Slipway.Hosting.SignIn;

/// <summary>
/// Counts wrong keys by address and minute. Nobody guesses a key of 256 bits; the limit keeps those who try from costing a
/// database read each time.
/// </summary>
internal sealed class FailureLimit(TimeProvider time)
{
    public const int PerMinute = 20;

    /// <summary>Addresses beyond that many share one count until the minute is over, so that memory is bounded.</summary>
    private const int MaxAddresses = 10_000;

    private readonly Lock turning = new();
    private ConcurrentDictionary<IPAddress, int> counts = new();
    private long minute;

    public bool IsReached(IPAddress? address) => Counts().TryGetValue(Key(address), out var count) && count >= PerMinute;

    public void Count(IPAddress? address)
    {
        var current = Counts();
        var key = Key(address);
        current.AddOrUpdate(current.Count < MaxAddresses || current.ContainsKey(key) ? key : IPAddress.None, 1, (_, count) => count + 1);
    }

    /// <summary>Whole seconds until the counts start anew.</summary>
    public int SecondsLeft() => 60 - time.GetUtcNow().Second;

    private ConcurrentDictionary<IPAddress, int> Counts()
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds() / 60;
        if (Volatile.Read(ref minute) == now)
        {
            return counts;
        }

        lock (turning)
        {
            if (minute != now)
            {
                counts = new ConcurrentDictionary<IPAddress, int>();
                Volatile.Write(ref minute, now);
            }

            return counts;
        }
    }

    /// <summary>An IPv6 caller has a whole /64 to choose from.</summary>
    private static IPAddress Key(IPAddress? address)
    {
        if (address is null || address.IsIPv4MappedToIPv6)
        {
            return address?.MapToIPv4() ?? IPAddress.None;
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
