namespace Slipway.Client.Tracking;

internal static class BatchHalves
{
    /// <summary>Two batches with half of the values each; null for a batch of one value, which has no halves.</summary>
    public static (LogBatch First, LogBatch Second)? Halves(this LogBatch batch)
    {
        var (metrics, values, tags) = (batch.Metrics ?? [], (batch.Params ?? Empty).ToList(), (batch.Tags ?? Empty).ToList());
        var total = metrics.Count + values.Count + tags.Count;
        return total < 2 ? null : (Part(0, total / 2), Part(total / 2, total));

        // The values stand in one row: metrics, then params, then tags.
        LogBatch Part(int from, int to) => new(
            [.. metrics.Skip(from).Take(Math.Max(0, to - from))],
            Between(values, from - metrics.Count, to - metrics.Count),
            Between(tags, from - metrics.Count - values.Count, to - metrics.Count - values.Count));
    }

    private static Dictionary<string, string> Empty => [];

    private static Dictionary<string, string> Between(List<KeyValuePair<string, string>> pairs, int from, int to) =>
        pairs.Take(Math.Max(0, to)).Skip(Math.Max(0, from)).ToDictionary(StringComparer.Ordinal);
}
