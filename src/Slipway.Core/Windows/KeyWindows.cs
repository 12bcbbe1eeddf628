namespace Slipway.Core.Windows;

/// <summary>All windows of one key: the events that can still change, what is summed up, and what changes next.</summary>
internal sealed class KeyWindows(WindowPlan plan)
{
    private readonly Summary[] summed = new Summary[plan.Inputs.Count];
    private readonly Codes[] counted = new Codes[plan.Inputs.Codes.Count];
    private long open = long.MaxValue;
    private long correctFrom = long.MaxValue;
    private long correctTo = long.MinValue;

    public KeyEvents Events { get; } = new(plan.Inputs);

    public Buckets Buckets { get; } = new(plan.Inputs);

    public WindowFold[] Folds { get; } = plan.NewFolds();

    /// <summary>The first boundary at which anything enters or leaves; <see cref="long.MaxValue"/> when nothing will.</summary>
    public long NextChange
    {
        get
        {
            var hop = open;
            foreach (var fold in Folds)
            {
                hop = Math.Min(hop, fold.NextChange(Buckets));
            }

            return hop;
        }
    }

    /// <param name="closed">The last boundary whose rows are out, or <see cref="long.MinValue"/>.</param>
    /// <returns>True when the event corrects what is out.</returns>
    public bool Add(long time, ReadOnlySpan<double> values, long closed)
    {
        Events.Add(time, values);
        var hop = Hops.BoundaryOf(time, plan.HopMicros);
        if (hop > closed)
        {
            open = Math.Min(open, hop);
            return false;
        }

        (correctFrom, correctTo) = (Math.Min(correctFrom, hop), Math.Max(correctTo, hop));
        return true;
    }

    /// <summary>Takes back an event that a state held.</summary>
    public void Restore(long time, ReadOnlySpan<double> values, long closed)
    {
        Add(time, values, closed);
        (correctFrom, correctTo) = (long.MaxValue, long.MinValue);
    }

    /// <summary>Moves to a boundary and reports each on the way at which an event entered or left a window.</summary>
    /// <param name="changed">Called with the boundary while <see cref="Folds"/> hold the values at it.</param>
    public void Advance(long closed, long until, Action<long> changed)
    {
        SumUp(closed, until);
        Step(until, long.MaxValue, changed);
        Retire(until);
    }

    /// <summary>Goes back to before the earliest event that came late, and reports every boundary that those that came late may have changed.</summary>
    /// <param name="changed">As in <see cref="Advance"/>.</param>
    public void Correct(long closed, Action<long> changed)
    {
        Buckets.DropFrom(Buckets.Find(correctFrom));
        SumUp(correctFrom - 1, closed);
        Restart(correctFrom - 1);
        Step(closed, correctTo + plan.Span, changed);
        (correctFrom, correctTo) = (long.MaxValue, long.MinValue);
    }

    /// <summary>Brings the folds to a boundary from the buckets alone.</summary>
    public void Restart(long hop)
    {
        foreach (var fold in Folds)
        {
            fold.Reset(Buckets, hop);
        }
    }

    private void Step(long until, long last, Action<long> changed)
    {
        while (true)
        {
            var hop = long.MaxValue;
            foreach (var fold in Folds)
            {
                hop = Math.Min(hop, fold.NextChange(Buckets));
            }

            if (hop > until)
            {
                return;
            }

            foreach (var fold in Folds)
            {
                fold.MoveTo(Buckets, hop);
            }

            if (hop <= last)
            {
                changed(hop);
            }
        }
    }

    /// <summary>Forgets what no correction can reach.</summary>
    private void Retire(long closed)
    {
        open = Events.Times.Count == 0 ? long.MaxValue
            : Events.EarliestAfter(closed * plan.HopMicros) is var earliest && earliest == long.MaxValue ? long.MaxValue
            : Hops.BoundaryOf(earliest, plan.HopMicros);
        Events.DropUntil((closed - plan.LatenessHops) * plan.HopMicros);
        var oldest = plan.LatenessHops == 0 ? Buckets.End : Buckets.Find(closed - plan.LatenessHops - plan.Span);
        foreach (var fold in Folds)
        {
            oldest = Math.Min(oldest, fold.Start);
        }

        Buckets.DropBefore(oldest);
    }

    /// <summary>Makes the buckets of the boundaries in (after, until].</summary>
    private void SumUp(long after, long until)
    {
        var events = Events.Between(after == long.MinValue ? after : after * plan.HopMicros, until * plan.HopMicros);
        for (int start = 0, end; start < events.Length; start = end)
        {
            var hop = HopOf(events[start]);
            end = start + 1;
            while (end < events.Length && HopOf(events[end]) == hop)
            {
                end++;
            }

            Push(hop, events.AsSpan(start, end - start));
        }
    }

    private long HopOf(int number) => Hops.BoundaryOf(Events.Times[number], plan.HopMicros);

    private void Push(long hop, ReadOnlySpan<int> events)
    {
        Array.Clear(summed);
        foreach (var number in events)
        {
            var values = Events.ValuesOf(number);
            for (var i = 0; i < summed.Length; i++)
            {
                if (!double.IsNaN(values[i]))
                {
                    summed[i] = Summary.Merge(summed[i], Summary.Of(values[i]));
                }
            }
        }

        for (var slot = 0; slot < counted.Length; slot++)
        {
            counted[slot] = CodesOf(slot, events);
        }

        Buckets.Push(hop, summed, counted);
    }

    private Codes CodesOf(int slot, ReadOnlySpan<int> events)
    {
        var (input, kind) = plan.Inputs.Codes[slot];
        var drawn = new long[events.Length];
        var count = 0;
        foreach (var number in events)
        {
            var value = Events.ValuesOf(number)[input];
            if (!double.IsNaN(value))
            {
                drawn[count++] = Codes.Of(kind, value);
            }
        }

        return Codes.Of(kind, drawn.AsSpan(0, count));
    }
}
