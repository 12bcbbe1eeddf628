using System.Numerics;

namespace Slipway.Core.Windows;

/// <summary>
/// Counts distinct values by the greatest rank (leading zeros + 1) of their hashes in each of 4096 registers. Standard error
/// 1.04/√4096 = 1.6 %. A (register, rank) pair is one code, so that a window can add and remove what its parts contribute.
/// </summary>
/// <remarks>Flajolet et al. (2007); the estimator, unbiased from 0 up without tables, after Ertl (2017), algorithm 6.</remarks>
internal static class HyperLogLog
{
    public const int Registers = 4096;

    /// <summary>The greatest rank: 52 bits of the hash are left when 12 have named the register.</summary>
    public const int MaxRank = 53;

    private const double AlphaInfinity = 0.72134752044448170368; // 1 / (2·ln 2)

    public static int CodeOf(ulong hash)
    {
        var rank = Math.Min(BitOperations.LeadingZeroCount(hash << 12) + 1, MaxRank);
        return ((int)(hash >> 52) << 6) | rank;
    }

    public static int Register(long code) => (int)(code >> 6);

    public static int Rank(long code) => (int)(code & 63);

    /// <param name="registersByRank">How many registers have each greatest rank, 0 (empty) to <see cref="MaxRank"/>.</param>
    public static double Estimate(ReadOnlySpan<int> registersByRank)
    {
        const double m = Registers;
        var z = m * Tau(1 - (registersByRank[MaxRank] / m));
        for (var rank = MaxRank - 1; rank >= 1; rank--)
        {
            z = 0.5 * (z + registersByRank[rank]);
        }

        return AlphaInfinity * m * m / (z + (m * Sigma(registersByRank[0] / m)));
    }

    /// <summary>64 bits that look random for different values: FNV-1a over the UTF-16 units, then <see cref="Mix"/>.</summary>
    public static ulong Hash(string value)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in value)
        {
            hash = (hash ^ (byte)c) * 1099511628211UL;
            hash = (hash ^ (byte)(c >> 8)) * 1099511628211UL;
        }

        return Mix(hash);
    }

    /// <summary>The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every input bit moves every output bit.</summary>
    public static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15UL;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        return x ^ (x >> 31);
    }

    /// <summary>σ(x) = x + Σ x^(2^k)·2^(k−1), k ≥ 1; infinite at 1, when every register is empty.</summary>
    private static double Sigma(double x)
    {
        if (x == 1)
        {
            return double.PositiveInfinity;
        }

        var (y, z, before) = (1.0, x, double.NaN);
        while (z != before)
        {
            x *= x;
            before = z;
            z += x * y;
            y += y;
        }

        return z;
    }

    /// <summary>τ(x) = (1 − x − Σ (1 − x^(2^−k))²·2^−k) / 3, k ≥ 1.</summary>
    private static double Tau(double x)
    {
        if (x is 0 or 1)
        {
            return 0;
        }

        var (y, z, before) = (1.0, 1 - x, double.NaN);
        while (z != before)
        {
            x = Math.Sqrt(x);
            before = z;
            y *= 0.5;
            z -= (1 - x) * (1 - x) * y;
        }

        return z / 3;
    }
}
