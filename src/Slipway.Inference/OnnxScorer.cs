using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;

namespace Slipway.Inference;

/// <summary>
/// The short way through a model with one FP32 input [rows, features] and an FP32 output <c>probability</c>, [rows] or
/// [rows, 1]: reads the caller's memory and writes into the caller's memory, with no tensor and no copy between.
/// </summary>
public sealed class OnnxScorer
{
    /// <summary>The output that makes a model a scorer: the probability of the positive class.</summary>
    public const string Probability = "probability";

    // The rows of one native call: large enough to make the call's own cost vanish, small enough that what the operators
    // hand each other stays in the cache.
    private const int RowsPerCall = 2048;

    private readonly OnnxModel model;
    private readonly string[] input;
    private readonly string[] output = [Probability];
    private readonly bool flat;

    private OnnxScorer(OnnxModel model, TensorSpec input, TensorSpec output)
    {
        this.model = model;
        this.input = [input.Name];
        FeatureCount = (int)input.Shape[1];
        flat = output.Shape.Count == 1;
    }

    public int FeatureCount { get; }

    internal static OnnxScorer? For(OnnxModel model)
    {
        var output = model.Outputs.FirstOrDefault(spec => spec.Name == Probability);
        return model.Inputs is [{ Type: TensorType.Float32, Shape: [-1, > 0] } input]
            && output is { Type: TensorType.Float32, Shape: [-1] or [-1, 1] }
            ? new OnnxScorer(model, input, output)
            : null;
    }

    /// <param name="rows">Features, row-major, shape [count, <see cref="FeatureCount"/>]; a missing value is NaN.</param>
    /// <param name="probabilities">Receives the probability of the positive class per row; room for at least
    /// <paramref name="count"/>.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the sizes do not agree;
    /// <see cref="ErrorKind.Unavailable"/> when too many calls wait already.</exception>
    public void Score(ReadOnlySpan<float> rows, int count, Span<float> probabilities, CancellationToken cancel = default)
    {
        Check(rows.Length, count, probabilities.Length);
        var (session, workers) = model.Engine;
        using var use = session.Enter();
        var request = new RequestClock(model.Counters);
        try
        {
            using var place = workers.Enter(cancel);
            request.Entered();
            ScoreNative(session, rows, probabilities[..count], cancel);
            request.Succeeded();
        }
        finally
        {
            request.Dispose();
        }
    }

    /// <inheritdoc cref="Score"/>
    public async ValueTask ScoreAsync(
        ReadOnlyMemory<float> rows, int count, Memory<float> probabilities, CancellationToken cancel)
    {
        Check(rows.Length, count, probabilities.Length);
        var (session, workers) = model.Engine;
        using var use = session.Enter();
        var request = new RequestClock(model.Counters);
        try
        {
            using var place = await workers.EnterAsync(cancel);
            request.Entered();
            ScoreNative(session, rows.Span, probabilities.Span[..count], cancel);
            request.Succeeded();
        }
        finally
        {
            request.Dispose();
        }
    }

    private void Check(int values, int count, int room)
    {
        if (count < 0 || values != (long)count * FeatureCount)
        {
            throw SlipwayException.Invalid($"unexpected shape for input '{input[0]}' for model '{model.Name}'. " +
                $"Expected [{count},{FeatureCount}], got {values} values.");
        }

        if (room < count)
        {
            throw SlipwayException.Invalid($"Scoring {count} rows needs room for as many probabilities; there is room for {room}.");
        }
    }

    private void ScoreNative(
        OnnxSession session, ReadOnlySpan<float> rows, Span<float> probabilities, CancellationToken cancel)
    {
        for (var start = 0; start < probabilities.Length; start += RowsPerCall)
        {
            cancel.ThrowIfCancellationRequested();
            var count = Math.Min(RowsPerCall, probabilities.Length - start);
            ScoreOnce(session, rows.Slice(start * FeatureCount, count * FeatureCount), probabilities.Slice(start, count));
        }
    }

    private unsafe void ScoreOnce(OnnxSession session, ReadOnlySpan<float> rows, Span<float> probabilities)
    {
        var started = Stopwatch.GetTimestamp();
        fixed (float* from = rows, to = probabilities)
        {
            using var features = Wrap(from, rows.Length, [probabilities.Length, FeatureCount]);
            using var result = Wrap(to, probabilities.Length, flat ? [probabilities.Length] : [probabilities.Length, 1]);
            var wrapped = Stopwatch.GetTimestamp();
            session.Run(input, [features], output, [result]);
            model.Counters.Executed(
                probabilities.Length, 1, new InferenceCounters.Phases(wrapped - started, Stopwatch.GetTimestamp() - wrapped, 0));
        }
    }

    private static unsafe OrtValue Wrap(float* data, int count, long[] shape) => OrtValue.CreateTensorValueWithData(
        OrtMemoryInfo.DefaultInstance, TensorElementType.Float, shape, (nint)data, count * (long)sizeof(float));
}
