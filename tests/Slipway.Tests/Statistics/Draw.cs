using FsCheck;
using FsCheck.Fluent;

namespace Slipway.Tests.Statistics;

/// <summary>Samples from known laws, each from a seeded source.</summary>
internal static class Draw
{
    public static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    public static double[] Normals(Random random, int count, double mean = 0) =>
        [.. Enumerable.Range(0, count).Select(_ => mean + Normal(random))];

    /// <summary>Counts of <paramref name="count"/> rows over categories with the given shares.</summary>
    public static long[] Multinomial(Random random, int count, params double[] shares)
    {
        var counts = new long[shares.Length];
        for (var i = 0; i < count; i++)
        {
            var u = random.NextDouble();
            var k = 0;
            while (k < shares.Length - 1 && (u -= shares[k]) >= 0)
            {
                k++;
            }

            counts[k]++;
        }

        return counts;
    }

    /// <summary>Small whole numbers as doubles, so that ties are frequent; 1 to <paramref name="most"/> of them.</summary>
    public static Arbitrary<double[]> TiedSamples(int most) => Gen.Choose(1, most)
        .SelectMany(n => Gen.Choose(0, 6).ArrayOf(n))
        .Select(values => values.Select(v => (double)v).ToArray())
        .ToArbitrary();

    /// <summary>Histograms of six bins with at least one count.</summary>
    public static Arbitrary<long[]> Histograms() => Gen.Choose(0, 50).ArrayOf(6)
        .Where(counts => counts.Sum() > 0)
        .Select(counts => counts.Select(c => (long)c).ToArray())
        .ToArbitrary();
}
