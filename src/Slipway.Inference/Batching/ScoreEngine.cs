using System.Buffers;
using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Slipway.Inference.Batching;

/// <summary>A matrix of features to a probability per row.</summary>
/// <param name="rows">Row-major.</param>
internal sealed class ScoreCall(ReadOnlyMemory<float> rows, int count)
{
    public ReadOnlyMemory<float> Rows { get; } = rows;

    public int Count { get; } = count;

    /// <summary>Memory of its own: a caller that gives up takes its memory along.</summary>
    public ReadOnlyMemory<float> Answer { get; set; }
}

/// <inheritdoc cref="IBatchEngine{TCall}"/>
/// <param name="flat">Whether the output has the shape [rows] and not [rows, 1].</param>
internal sealed class ScoreEngine(OnnxSession session, InferenceCounters counters, string input, int features, bool flat)
    : IBatchEngine<ScoreCall>
{
    // The rows of one native call: large enough to make the call's own cost vanish, small enough that what the operators
    // hand each other stays in the cache.
    private const int RowsPerCall = 2048;

    private readonly string[] inputs = [input];
    private readonly string[] outputs = [OnnxScorer.Probability];

    public int Rows(ScoreCall call) => call.Count;

    public bool Fits(ScoreCall first, ScoreCall other) => true;

    public void Run(IReadOnlyList<ScoreCall> calls, long deadline)
    {
        using var use = session.Enter();
        var probabilities = new float[calls.Sum(call => call.Count)];
        if (calls is [var only])
        {
            Score(only.Rows.Span, probabilities, 1, 0, deadline, CancellationToken.None);
            only.Answer = probabilities;
            return;
        }

        var started = Stopwatch.GetTimestamp();
        var joined = ArrayPool<float>.Shared.Rent(probabilities.Length * features);
        try
        {
            var at = 0;
            foreach (var call in calls)
            {
                call.Rows.Span.CopyTo(joined.AsSpan(at * features));
                call.Answer = probabilities.AsMemory(at, call.Count);
                at += call.Count;
            }

            var gathered = Stopwatch.GetTimestamp() - started;
            Score(joined.AsSpan(0, at * features), probabilities, calls.Count, gathered, deadline, CancellationToken.None);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(joined);
        }
    }

    /// <param name="requests">That share it.</param>
    /// <param name="gathered">Timestamp ticks that bringing their rows together took.</param>
    public void Score(
        ReadOnlySpan<float> rows, Span<float> probabilities, int requests, long gathered, long deadline, CancellationToken cancel)
    {
        using var run = session.Begin(deadline);
        try
        {
            for (var start = 0; start < probabilities.Length; start += RowsPerCall)
            {
                cancel.ThrowIfCancellationRequested();
                var count = Math.Min(RowsPerCall, probabilities.Length - start);
                var ticks = ScoreOnce(run, rows.Slice(start * features, count * features), probabilities.Slice(start, count));
                counters.Executed(count, start == 0 ? requests : 0, new InferenceCounters.Phases(start == 0 ? gathered : 0, ticks, 0));
            }
        }
        catch (OnnxRuntimeException) when (run.WasStopped)
        {
            throw Refusals.TimedOut(waiting: false);
        }
    }

    private unsafe long ScoreOnce(NativeRun run, ReadOnlySpan<float> rows, Span<float> probabilities)
    {
        fixed (float* from = rows, to = probabilities)
        {
            using var matrix = Wrap(from, rows.Length, [probabilities.Length, features]);
            using var result = Wrap(to, probabilities.Length, flat ? [probabilities.Length] : [probabilities.Length, 1]);
            var started = Stopwatch.GetTimestamp();
            session.Run(run, inputs, [matrix], outputs, [result]);
            return Stopwatch.GetTimestamp() - started;
        }
    }

    private static unsafe OrtValue Wrap(float* data, int count, long[] shape) => OrtValue.CreateTensorValueWithData(
        OrtMemoryInfo.DefaultInstance, TensorElementType.Float, shape, (nint)data, count * (long)sizeof(float));
}
