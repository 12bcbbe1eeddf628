using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Slipway.Core.Errors;
using Tensor = Slipway.Core.Tensors.Tensor;

namespace Slipway.Inference.Batching;

/// <summary>Tensors through a model.</summary>
/// <param name="inputs">In the order of the model.</param>
internal sealed class TensorCall(IReadOnlyList<Tensor> inputs, string[] outputs)
{
    public IReadOnlyList<Tensor> Inputs { get; } = inputs;

    /// <summary>Names of the outputs that are wanted.</summary>
    public string[] Outputs { get; } = outputs;

    public Tensor[] Answer { get; set; } = [];

    /// <summary>Along the first axis; 1 where there is none.</summary>
    public int Rows => Inputs is [{ Shape: [var rows, ..] }, ..] ? (int)rows : 1;
}

/// <inheritdoc cref="IBatchEngine{TCall}"/>
internal sealed class TensorEngine(string model, OnnxSession session, InferenceCounters counters) : IBatchEngine<TensorCall>
{
    private static readonly TimeSpan TrialLimit = TimeSpan.FromSeconds(1);

    private readonly string[] inputNames = [.. session.InputNames];

    public int Rows(TensorCall call) => call.Rows;

    public bool Fits(TensorCall first, TensorCall other)
    {
        for (var i = 0; i < first.Inputs.Count; i++)
        {
            if (!first.Inputs[i].Shape[1..].SequenceEqual(other.Inputs[i].Shape[1..]))
            {
                return false;
            }
        }

        return first.Outputs.AsSpan().SequenceEqual(other.Outputs) && HasRows(first) && HasRows(other);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the model cannot process the values;
    /// <see cref="ErrorKind.Timeout"/> when it was stopped at the deadline.</exception>
    public void Run(IReadOnlyList<TensorCall> calls, long deadline)
    {
        using var use = session.Enter();
        var started = Stopwatch.GetTimestamp();
        var outputs = calls[0].Outputs;
        Tensor[] inputs = [.. inputNames.Select((_, i) => TensorRows.Join([.. calls.Select(call => call.Inputs[i])]))];
        var joined = Stopwatch.GetTimestamp();
        var (answer, run) = Run(inputs, outputs, deadline);
        HandOut(calls, answer);
        var gather = joined - started;
        counters.Executed(calls.Sum(call => call.Rows), calls.Count, new InferenceCounters.Phases(
            gather, run, Stopwatch.GetTimestamp() - joined - run));
    }

    /// <summary>One native call that nobody asked for: not counted, and stopped after a second.</summary>
    public Tensor[] Try(IReadOnlyList<Tensor> inputs, string[] outputs)
    {
        using var use = session.Enter();
        return Run(inputs, outputs, Deadlines.After(Stopwatch.GetTimestamp(), TrialLimit)).Answer;
    }

    /// <summary>A model with several inputs may let them differ in length; no rows can be told apart then.</summary>
    private static bool HasRows(TensorCall call) => call.Rows > 0 && call.Inputs.All(input => input.Shape[0] == call.Rows);

    private void HandOut(IReadOnlyList<TensorCall> calls, Tensor[] answer)
    {
        if (calls.Count == 1)
        {
            calls[0].Answer = answer;
            return;
        }

        long rows = calls.Sum(call => call.Rows), start = 0;
        if (answer.Any(output => output.Shape is not [var length, ..] || length != rows))
        {
            throw new InvalidOperationException($"Model '{model}' gave outputs of another length than its {rows} input rows.");
        }

        foreach (var call in calls)
        {
            call.Answer = [.. answer.Select(output => TensorRows.Cut(output, start, call.Rows))];
            start += call.Rows;
        }
    }

    private (Tensor[] Answer, long Ticks) Run(IReadOnlyList<Tensor> inputs, string[] outputs, long deadline)
    {
        var values = new OrtValue[inputs.Count];
        var pins = new GCHandle[inputs.Count];
        using var run = session.Begin(deadline);
        try
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = OrtTensors.Wrap(inputs[i], out pins[i]);
            }

            var started = Stopwatch.GetTimestamp();
            using var results = session.Run(run, inputNames, values, outputs);
            var took = Stopwatch.GetTimestamp() - started;
            return ([.. results.Select((result, i) => OrtTensors.Copy(model, outputs[i], result))], took);
        }
        catch (OnnxRuntimeException e)
        {
            throw run.WasStopped
                ? Refusals.TimedOut(waiting: false)
                : new SlipwayException(ErrorKind.Invalid, $"model '{model}' cannot process the input: {OnnxSession.Reason(e)}", e);
        }
        finally
        {
            Free(values, pins);
        }
    }

    private static void Free(OrtValue?[] values, GCHandle[] pins)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i]?.Dispose();
            if (pins[i].IsAllocated)
            {
                pins[i].Free();
            }
        }
    }
}
