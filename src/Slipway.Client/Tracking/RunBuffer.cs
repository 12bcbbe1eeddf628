using Slipway.Core.Errors;

namespace Slipway.Client.Tracking;

/// <summary>What a run has logged and the server does not have yet. Values leave it only when they are stored or refused.</summary>
internal sealed class RunBuffer(int maxPending)
{
    private readonly Lock gate = new();
    private readonly Queue<MetricPoint> metrics = new();
    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> tags = new(StringComparer.Ordinal);

    public int Count
    {
        get
        {
            lock (gate)
            {
                return metrics.Count + values.Count + tags.Count;
            }
        }
    }

    /// <returns>How many values wait.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unavailable"/> when the buffer is full.</exception>
    public int Add(MetricPoint point) => Change(() => metrics.Enqueue(point));

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/> when another value of it waits; Unavailable when the buffer is full.</exception>
    public int AddParam(string key, string value) => Change(() =>
    {
        if (!values.TryAdd(key, value) && values[key] != value)
        {
            throw SlipwayException.Conflict($"Param '{key}' is '{values[key]}' and cannot become '{value}'; params are written once.");
        }
    });

    public int SetTag(string key, string value) => Change(() => tags[key] = value);

    /// <summary>The oldest values, as many as one batch may hold; null when there are none.</summary>
    public LogBatch? Peek()
    {
        lock (gate)
        {
            var someParams = values.Take(LogBatch.MaxParams).ToDictionary(StringComparer.Ordinal);
            var someTags = tags.Take(LogBatch.MaxTags).ToDictionary(StringComparer.Ordinal);
            var someMetrics = metrics.Take(LogBatch.MaxEntities - someParams.Count - someTags.Count).ToList();
            return someMetrics.Count + someParams.Count + someTags.Count == 0 ? null : new LogBatch(someMetrics, someParams, someTags);
        }
    }

    /// <summary>Forgets a batch as <see cref="Peek"/> gave it. A tag that was set anew meanwhile stays.</summary>
    public void Drop(LogBatch batch)
    {
        lock (gate)
        {
            for (var i = 0; i < batch.Metrics!.Count; i++)
            {
                metrics.Dequeue();
            }

            foreach (var key in batch.Params!.Keys)
            {
                values.Remove(key);
            }

            foreach (var tag in batch.Tags!)
            {
                if (tags.GetValueOrDefault(tag.Key) == tag.Value)
                {
                    tags.Remove(tag.Key);
                }
            }
        }
    }

    private int Change(Action change)
    {
        lock (gate)
        {
            var count = metrics.Count + values.Count + tags.Count;
            if (count >= maxPending)
            {
                throw new SlipwayException(
                    ErrorKind.Unavailable, $"The server has not taken {count} values of this run, which is as many as are kept; this one is not kept.");
            }

            change();
            return count + 1;
        }
    }
}
