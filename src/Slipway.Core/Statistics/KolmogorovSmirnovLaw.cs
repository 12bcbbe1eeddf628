using System.Buffers;

namespace Slipway.Core.Statistics;

/// <summary>The exact law of the two-sample Kolmogorov-Smirnov statistic, given the ties of the pooled sample.</summary>
internal static class KolmogorovSmirnovLaw
{
    /// <summary>
    /// The chance that n·m·D is at least <paramref name="gap"/> when the pooled values are dealt out at random.
    /// </summary>
    /// <remarks>
    /// A deal is a lattice path from (0, 0) to (n, m). Chance is pushed along the lattice; what reaches a point where a run of
    /// equal values ends and |i·m − j·n| ≥ gap is taken out and added up. All terms are positive: a tiny p keeps its digits.
    /// </remarks>
    public static double Exact(ReadOnlySpan<double> a, ReadOnlySpan<double> b, long gap)
    {
        if (gap == 0)
        {
            return 1;
        }

        // The law is symmetric in the samples; the shorter one makes the row.
        if (a.Length < b.Length)
        {
            return Exact(b, a, gap);
        }

        var runEnds = ArrayPool<bool>.Shared.Rent(a.Length + b.Length + 1);
        var row = ArrayPool<double>.Shared.Rent(b.Length + 1);
        try
        {
            MarkRunEnds(a, b, runEnds);
            row.AsSpan(0, b.Length + 1).Clear();
            return Math.Min(1, PushThrough(a.Length, b.Length, gap, runEnds, row));
        }
        finally
        {
            ArrayPool<bool>.Shared.Return(runEnds);
            ArrayPool<double>.Shared.Return(row);
        }
    }

    /// <summary>Sets <paramref name="ends"/>[t] where the t-th pooled value is below the next, or the last.</summary>
    private static void MarkRunEnds(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<bool> ends)
    {
        var i = 0;
        var j = 0;
        var last = double.NaN;
        for (var t = 0; t < a.Length + b.Length; t++)
        {
            var next = j == b.Length || (i < a.Length && a[i] <= b[j]) ? a[i++] : b[j++];
            ends[t] = next != last;
            last = next;
        }

        ends[a.Length + b.Length] = true;
    }

    /// <param name="row">On entry zero; holds the chance of standing at (i, j) for the row i in work, shape [m + 1].</param>
    private static double PushThrough(int n, int m, long gap, ReadOnlySpan<bool> runEnds, Span<double> row)
    {
        var outside = 0.0;
        var low = 0;
        var high = 0;
        for (var i = 0; i <= n && low <= high; i++)
        {
            var left = 0.0;
            var reached = -1;
            for (var j = low; j <= m && (j <= high || left > 0); j++)
            {
                double remaining = n + m - i - j + 1;
                var chance = i == 0
                    ? (j == 0 ? 1 : left * (m - j + 1) / remaining)
                    : ((row[j] * (n - i + 1)) + (left * (m - j + 1))) / remaining;
                if (runEnds[i + j] && Math.Abs(((long)i * m) - ((long)j * n)) >= gap)
                {
                    outside += chance;
                    chance = 0;
                }

                row[j] = left = chance;
                reached = chance > 0 ? j : reached;
            }

            high = reached;
            while (low <= high && row[low] == 0)
            {
                low++;
            }
        }

        return outside;
    }
}
