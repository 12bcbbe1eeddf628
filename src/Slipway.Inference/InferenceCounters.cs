using System.Diagnostics;

namespace Slipway.Inference;

/// <summary>Counts what a model does. Any thread may add; nothing waits, and nothing is allocated but once per batch size.</summary>
internal sealed class InferenceCounters
{
    private readonly Batch?[] batches = new Batch?[ModelStatistics.MaxBatchSize + 1];
    private readonly Clock success = new(), fail = new(), queue = new(), input = new(), infer = new(), output = new();
    private long inferences, executions, lastTimestamp, queueFull, timedOut;

    /// <summary>One native call with everything around it.</summary>
    /// <param name="requests">That shared it, each of which counts its whole time.</param>
    public void Executed(int rows, int requests, in Phases phases)
    {
        var (gather, run, hand) = phases;
        Interlocked.Add(ref inferences, rows);
        Interlocked.Increment(ref executions);
        Volatile.Write(ref lastTimestamp, Stopwatch.GetTimestamp());
        input.Add(requests, requests * gather);
        infer.Add(requests, requests * run);
        output.Add(requests, requests * hand);
        if (rows < batches.Length)
        {
            var batch = Volatile.Read(ref batches[rows]) ?? First(rows);
            batch.Input.Add(1, gather);
            batch.Infer.Add(1, run);
            batch.Output.Add(1, hand);
        }
    }

    /// <param name="waited">Timestamp ticks in the queue.</param>
    /// <param name="took">Timestamp ticks in all.</param>
    public void Succeeded(long waited, long took)
    {
        queue.Add(1, waited);
        success.Add(1, took);
    }

    public void Failed(long took) => fail.Add(1, took);

    public void RefusedAsFull() => Interlocked.Increment(ref queueFull);

    public void RanOutOfTime() => Interlocked.Increment(ref timedOut);

    /// <summary>Forgets all, for a model that was only tried so far; no calls may run.</summary>
    public void Clear()
    {
        Array.Clear(batches);
        foreach (var clock in (Clock[])[success, fail, queue, input, infer, output])
        {
            clock.Clear();
        }

        (inferences, executions, lastTimestamp, queueFull, timedOut) = (0, 0, 0, 0, 0);
    }

    public ModelStatistics Read(int waiting, TimeProvider time)
    {
        var last = Volatile.Read(ref lastTimestamp);
        return new ModelStatistics(
            Interlocked.Read(ref inferences), Interlocked.Read(ref executions),
            last == 0 ? 0 : (time.GetUtcNow() - Stopwatch.GetElapsedTime(last)).ToUnixTimeMilliseconds(),
            success.Read(), fail.Read(), queue.Read(), input.Read(), infer.Read(), output.Read(),
            [.. batches.Select((batch, size) => batch?.Read(size)).OfType<BatchStatistics>()],
            waiting, Interlocked.Read(ref queueFull), Interlocked.Read(ref timedOut));
    }

    private Batch First(int rows)
    {
        var made = new Batch();
        return Interlocked.CompareExchange(ref batches[rows], made, null) ?? made;
    }

    /// <summary>Timestamp ticks of one execution: gathering the input, inside the native call, handing out the output.</summary>
    public readonly record struct Phases(long Gather, long Run, long Hand);

    private sealed class Batch
    {
        public Clock Input { get; } = new();

        public Clock Infer { get; } = new();

        public Clock Output { get; } = new();

        public BatchStatistics Read(int size) => new(size, Input.Read(), Infer.Read(), Output.Read());
    }

    private sealed class Clock
    {
        private long count, ticks;

        public void Add(long times, long took)
        {
            Interlocked.Add(ref count, times);
            Interlocked.Add(ref ticks, took);
        }

        public void Clear() => (count, ticks) = (0, 0);

        public CountedTime Read() => new(
            Interlocked.Read(ref count), (long)(Interlocked.Read(ref ticks) * (1e9 / Stopwatch.Frequency)));
    }
}
