using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Inference.Batching;

namespace Slipway.Inference;

/// <summary>An ONNX model ready to answer. Any number of threads may call it; the workers bound how many run at a time.</summary>
public sealed class OnnxModel : IDisposable
{
    private readonly OnnxSession session;
    private readonly InferenceWorkers workers;
    private readonly OnnxInputs check;
    private readonly TensorEngine engine;
    private readonly Batcher<TensorCall> batcher;
    private readonly Lazy<bool> independent;

    private OnnxModel(string name, OnnxSession session, InferenceWorkers workers)
    {
        Name = name;
        this.session = session;
        this.workers = workers;
        Inputs = [.. session.InputNames.Select(input => OrtTensors.Spec(name, input, session.Inputs[input]))];
        Outputs = [.. session.OutputNames.Select(output => OrtTensors.Spec(name, output, session.Outputs[output]))];
        Metadata = new Dictionary<string, string>(session.Metadata);
        Features = Metadata.TryGetValue("features", out var features) ? ReadNames(features) : null;
        check = new OnnxInputs(name, Inputs);
        engine = new TensorEngine(name, session, Counters);
        batcher = new Batcher<TensorCall>(name, engine, workers, Counters, MayShare);
        HasRows = RowIndependence.HasRows(Inputs, Outputs);
        independent = new Lazy<bool>(() => HasRows && RowIndependence.Holds(engine, Inputs, Outputs));
        Scorer = OnnxScorer.For(this);
    }

    /// <summary>How errors name the model.</summary>
    public string Name { get; }

    public IReadOnlyList<TensorSpec> Inputs { get; }

    public IReadOnlyList<TensorSpec> Outputs { get; }

    /// <summary>The model file's own key-value pairs.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The features in the order of the input's columns, from the metadata entry <c>features</c> (a JSON array of
    /// strings); null where the model does not say.</summary>
    public IReadOnlyList<string>? Features { get; }

    /// <summary>The short way from a matrix of features to probabilities; null when the model has another form.</summary>
    public OnnxScorer? Scorer { get; }

    /// <summary>Whether a row gets the same answer, bit by bit, in any company; tried out on random rows, once, when it is first
    /// asked for.</summary>
    public bool AnswersRowsAlike => independent.Value;

    /// <param name="name">How errors name the model; the file's name without its ending unless given.</param>
    /// <param name="workers">Shared places for native calls; <see cref="InferenceWorkers.Shared"/> unless given.</param>
    /// <param name="threads">Threads within one operator, ≥ 1.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> when there is no such file;
    /// <see cref="ErrorKind.Invalid"/> when it is not an ONNX model; <see cref="ErrorKind.Unsupported"/> when an input or
    /// output is not a tensor of a type that is served.</exception>
    public static OnnxModel Load(string path, string? name = null, InferenceWorkers? workers = null, int threads = 1) =>
        File.Exists(path)
            ? Load(name ?? Path.GetFileNameWithoutExtension(path), $"'{path}'", workers, threads, o => new InferenceSession(path, o))
            : throw SlipwayException.NotFound($"There is no model file '{path}'.");

    /// <inheritdoc cref="Load(string, string?, InferenceWorkers?, int)"/>
    public static OnnxModel Load(byte[] model, string name, InferenceWorkers? workers = null, int threads = 1) =>
        Load(name, $"Model '{name}' ({model.Length} bytes)", workers, threads, o => new InferenceSession(model, o));

    /// <summary>Checks a call without making it.</summary>
    /// <param name="name">How the caller knows the model, for the errors.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> as for <c>Run</c>.</exception>
    public void Check(IReadOnlyDictionary<string, Tensor> inputs, IReadOnlyList<string>? outputs, string name)
    {
        var checker = new OnnxInputs(name, Inputs);
        checker.Check(checker.InOrder(inputs));
        CheckOutputs(outputs, name);
    }

    /// <summary>Runs the model once.</summary>
    /// <param name="outputs">The outputs to return, in this order; all of them, in the model's order, unless given.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when an input is missing, unknown or of the wrong
    /// type or shape, an output is unknown, or the model cannot process the values; <see cref="ErrorKind.Unavailable"/> when
    /// too many calls wait already.</exception>
    public OrderedDictionary<string, Tensor> Run(
        IReadOnlyDictionary<string, Tensor> inputs, IReadOnlyList<string>? outputs = null, CancellationToken cancel = default)
    {
        var (ordered, names) = Checked(check.InOrder(inputs), outputs);
        return Named(names, RunOnce(ordered, names, cancel));
    }

    /// <summary>The same in the model's queue, where requests that are about at the same time share a native call.</summary>
    /// <exception cref="SlipwayException">As above; <see cref="ErrorKind.Unavailable"/> also when its time ran out in the queue,
    /// <see cref="ErrorKind.Timeout"/> when it did so in the native call.</exception>
    public async ValueTask<OrderedDictionary<string, Tensor>> RunAsync(
        IReadOnlyDictionary<string, Tensor> inputs, IReadOnlyList<string>? outputs, CallOptions options, CancellationToken cancel)
    {
        var (ordered, names) = Checked(check.InOrder(inputs), outputs);
        using var use = session.Enter();
        var call = new TensorCall(ordered, names);
        await batcher.RunAsync(call, options, cancel);
        return Named(names, call.Answer);
    }

    /// <summary>Runs the model once, inputs and answers in the order of <see cref="Inputs"/> and <see cref="Outputs"/>.</summary>
    /// <inheritdoc cref="Run(IReadOnlyDictionary{string, Tensor}, IReadOnlyList{string}?, CancellationToken)"/>
    public Tensor[] Run(IReadOnlyList<Tensor> inputs, CancellationToken cancel = default)
    {
        var (ordered, names) = Checked(inputs, null);
        return RunOnce(ordered, names, cancel);
    }

    /// <inheritdoc cref="OnnxScorer.Score"/>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unsupported"/> when the model has another form.</exception>
    public void Score(ReadOnlySpan<float> rows, int count, Span<float> probabilities, CancellationToken cancel = default) =>
        (Scorer ?? throw NotAScorer()).Score(rows, count, probabilities, cancel);

    /// <inheritdoc cref="OnnxScorer.ScoreAsync"/>
    public ValueTask ScoreAsync(
        ReadOnlyMemory<float> rows, int count, Memory<float> probabilities, CallOptions options, CancellationToken cancel) =>
        (Scorer ?? throw NotAScorer()).ScoreAsync(rows, count, probabilities, options, cancel);

    /// <summary>What it did since it was loaded.</summary>
    public ModelStatistics Statistics(TimeProvider time) => Counters.Read(batcher.Waiting + (Scorer?.Waiting ?? 0), time);

    /// <summary>Counts from now on: what a trial of the model did is nobody's request.</summary>
    public void ClearStatistics() => Counters.Clear();

    /// <summary>Lets go of the native session, which is freed when the calls inside it have returned.</summary>
    public void Dispose() => session.Dispose();

    /// <summary>The session and the workers, for the scorer.</summary>
    internal (OnnxSession Session, InferenceWorkers Workers) Engine => (session, workers);

    internal InferenceCounters Counters { get; } = new();

    /// <summary>Whether the first axis of every input and output is dynamic.</summary>
    private bool HasRows { get; }

    /// <summary>Whether requests may share a native call under the mode.</summary>
    internal bool MayShare(BatchingMode mode) => mode switch
    {
        BatchingMode.Auto => AnswersRowsAlike,
        BatchingMode.On => HasRows,
        _ => false,
    };

    private static OnnxModel Load(
        string name, string what, InferenceWorkers? workers, int threads, Func<SessionOptions, InferenceSession> open)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        workers ??= InferenceWorkers.Shared;
        var session = OnnxSession.Open(what, threads, workers.Count, open);
        try
        {
            return new OnnxModel(name, session, workers);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private (IReadOnlyList<Tensor> Inputs, string[] Outputs) Checked(IReadOnlyList<Tensor> inputs, IReadOnlyList<string>? outputs)
    {
        check.Check(inputs);
        CheckOutputs(outputs, Name);
        return (inputs, outputs is { Count: > 0 } ? [.. outputs.Distinct()] : [.. Outputs.Select(spec => spec.Name)]);
    }

    private void CheckOutputs(IReadOnlyList<string>? outputs, string name)
    {
        foreach (var output in outputs ?? [])
        {
            if (!Outputs.Any(spec => spec.Name == output))
            {
                throw SlipwayException.Invalid($"unexpected inference output '{output}' for model '{name}'");
            }
        }
    }

    private Tensor[] RunOnce(IReadOnlyList<Tensor> inputs, string[] outputs, CancellationToken cancel)
    {
        using var use = session.Enter();
        var request = new RequestClock(Counters);
        try
        {
            using var place = workers.Enter(cancel);
            request.Entered(Stopwatch.GetTimestamp());
            var call = new TensorCall(inputs, outputs);
            engine.Run([call], Deadlines.Never);
            request.Succeeded();
            return call.Answer;
        }
        finally
        {
            request.Dispose();
        }
    }

    private SlipwayException NotAScorer() => new(ErrorKind.Unsupported, $"model '{Name}' does not take one FP32 input " +
        $"[rows,features] and give an FP32 output '{OnnxScorer.Probability}' per row");

    private static OrderedDictionary<string, Tensor> Named(string[] names, Tensor[] values)
    {
        var named = new OrderedDictionary<string, Tensor>(names.Length, StringComparer.Ordinal);
        for (var i = 0; i < names.Length; i++)
        {
            named.Add(names[i], values[i]);
        }

        return named;
    }

    /// <summary>The strings of a JSON array; null for anything else, since any tool may use the key for its own ends.</summary>
    private static List<string>? ReadNames(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Array
                && document.RootElement.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String)
                ? [.. document.RootElement.EnumerateArray().Select(name => name.GetString()!)]
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
