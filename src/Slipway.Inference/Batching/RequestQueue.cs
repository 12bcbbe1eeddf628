namespace Slipway.Inference.Batching;

/// <summary>Calls that wait for one model, by priority and then by arrival. Its owner locks it.</summary>
internal sealed class RequestQueue<TCall>
{
    private readonly LinkedList<Pending<TCall>>[] levels = [.. Enumerable.Range(0, CallOptions.MaxPriority).Select(_ => new LinkedList<Pending<TCall>>())];

    public int Count { get; private set; }

    /// <summary>When the one that waits longest arrived; never where none waits.</summary>
    public long OldestArrival => levels.Min(level => level.First?.Value.Arrived ?? Deadlines.Never);

    public void Add(Pending<TCall> pending)
    {
        var priority = pending.Options.Priority;
        var level = priority == 0 ? CallOptions.DefaultPriority : (int)Math.Min(priority, CallOptions.MaxPriority);
        pending.Place = levels[level - 1].AddLast(pending);
        Count++;
    }

    /// <returns>False when it is not in the queue any more.</returns>
    public bool Remove(Pending<TCall> pending)
    {
        if (pending.Place is not { } place)
        {
            return false;
        }

        place.List!.Remove(place);
        pending.Place = null;
        Count--;
        return true;
    }

    /// <summary>Removes the first and, for company, those behind it that may share its native call.</summary>
    /// <param name="mayShare">Whether the model's rows can share a native call under the mode.</param>
    public List<Pending<TCall>> Take(IBatchEngine<TCall> engine, Func<BatchingMode, bool> mayShare)
    {
        var batch = new List<Pending<TCall>>();
        var (rows, limit) = (0, 0);
        foreach (var pending in levels.SelectMany(level => level))
        {
            var own = mayShare(pending.Options.Batching.Mode) ? pending.Options.Batching.MaxBatchSize : 0;
            if (batch.Count > 0 && rows >= limit)
            {
                break;
            }

            if (batch.Count == 0 || (rows + pending.Rows <= Math.Min(limit, own) && engine.Fits(batch[0].Call, pending.Call)))
            {
                limit = batch.Count == 0 ? own : Math.Min(limit, own);
                batch.Add(pending);
                rows += pending.Rows;
            }
        }

        batch.ForEach(pending => Remove(pending));
        return batch;
    }
}
