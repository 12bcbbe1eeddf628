using System.Text;

namespace Slipway.Platform.Serving;

/// <summary>
/// Which variant answers for a key: a hash of salt and key places it in [0, 1), the challengers hold the intervals from 0 up
/// and the champion the rest. So the same key gets the same version on every server and after every restart, and a
/// challenger whose share grows keeps the keys it had.
/// </summary>
internal sealed class TrafficSplit
{
    private readonly ulong salt;
    private readonly (double Below, int Variant)[] intervals;
    private readonly int champion;

    public TrafficSplit(Endpoint endpoint)
    {
        salt = Fnv(0xcbf29ce484222325, SaltOf(endpoint));
        var order = new List<(double, int)>();
        var sum = 0.0;
        for (var i = 0; i < endpoint.Variants.Count; i++)
        {
            if (endpoint.Variants[i].Role == VariantRole.Champion)
            {
                champion = i;
            }
            else if (endpoint.Variants[i].Weight > 0)
            {
                sum += endpoint.Variants[i].Weight;
                order.Add((sum / 100, i));
            }
        }

        intervals = [.. order];
    }

    /// <summary>Whether every key gets the champion.</summary>
    public bool IsWhole => intervals.Length == 0;

    /// <summary>The index of the variant.</summary>
    public int Pick(string key)
    {
        if (intervals.Length > 0)
        {
            var place = Place(key);
            foreach (var (below, variant) in intervals)
            {
                if (place < below)
                {
                    return variant;
                }
            }
        }

        return champion;
    }

    /// <summary>A canary is salted by what it tries and not by its id, so traffic that is replayed is split as it was.</summary>
    private static string SaltOf(Endpoint endpoint) => endpoint.Rollout is null
        ? endpoint.Name
        : string.Join('/', endpoint.Variants.Where(v => v.Role == VariantRole.Challenger).Select(v => v.Version).Prepend(endpoint.Name));

    /// <summary>FNV-1a over salt and key, its bits then mixed (the finaliser of MurmurHash3), since FNV's high bits hardly
    /// move for keys that differ in their last byte; the top 53 bits make a fraction.</summary>
    private double Place(string key)
    {
        var hash = Fnv(salt, key);
        hash ^= hash >> 33;
        hash *= 0xff51afd7ed558ccd;
        hash ^= hash >> 33;
        hash *= 0xc4ceb9fe1a85ec53;
        hash ^= hash >> 33;
        return (hash >> 11) * (1.0 / (1UL << 53));
    }

    private static ulong Fnv(ulong hash, string text)
    {
        Span<byte> buffer = stackalloc byte[512];
        var bytes = Encoding.UTF8.GetMaxByteCount(text.Length) <= buffer.Length
            ? buffer[..Encoding.UTF8.GetBytes(text, buffer)]
            : Encoding.UTF8.GetBytes(text);
        foreach (var b in bytes)
        {
            hash = (hash ^ b) * 0x100000001b3;
        }

        return hash;
    }
}
