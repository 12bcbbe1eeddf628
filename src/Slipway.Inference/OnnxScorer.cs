using System.Diagnostics;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Inference.Batching;

namespace Slipway.Inference;

/// <summary>
/// The short way through a model with one FP32 input [rows, features] and an FP32 output <c>probability</c>, [rows] or
/// [rows, 1], with no tensor between: <see cref="Score"/> reads and writes the caller's memory, <see cref="ScoreAsync"/> copies rows into the
/// batch that they share with others and their answers out of it.
/// </summary>
public sealed class OnnxScorer
{
    /// <summary>The output that makes a model a scorer: the probability of the positive class.</summary>
    public const string Probability = "probability";

    private readonly OnnxModel model;
    private readonly string input;
    private readonly ScoreEngine engine;
    private readonly Batcher<ScoreCall> batcher;

    private OnnxScorer(OnnxModel model, TensorSpec input, TensorSpec output)
    {
        this.model = model;
        this.input = input.Name;
        FeatureCount = (int)input.Shape[1];
        engine = new ScoreEngine(model.Engine.Session, model.Counters, input.Name, FeatureCount, flat: output.Shape.Count == 1);
        batcher = new Batcher<ScoreCall>(model.Name, engine, model.Engine.Workers, model.Counters, model.MayShare);
    }

    public int FeatureCount { get; }

    /// <summary>Calls in the queue.</summary>
    internal int Waiting => batcher.Waiting;

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
            request.Entered(Stopwatch.GetTimestamp());
            engine.Score(rows, probabilities[..count], 1, 0, Deadlines.Never, cancel);
            request.Succeeded();
        }
        finally
        {
            request.Dispose();
        }
    }

    /// <summary>The same in the model's queue, where requests that are about at the same time share a native call.</summary>
    /// <inheritdoc cref="Score"/>
    public async ValueTask ScoreAsync(
        ReadOnlyMemory<float> rows, int count, Memory<float> probabilities, CallOptions options, CancellationToken cancel)
    {
        Check(rows.Length, count, probabilities.Length);
        using var use = model.Engine.Session.Enter();
        var call = new ScoreCall(rows, count);
        await batcher.RunAsync(call, options, cancel);
        call.Answer.CopyTo(probabilities);
    }

    private void Check(int values, int count, int room)
    {
        if (count < 0 || values != (long)count * FeatureCount)
        {
            throw SlipwayException.Invalid($"unexpected shape for input '{input}' for model '{model.Name}'. " +
                $"Expected [{count},{FeatureCount}], got {values} values.");
        }

        if (room < count)
        {
            throw SlipwayException.Invalid($"Scoring {count} rows needs room for as many probabilities; there is room for {room}.");
        }
    }
}
