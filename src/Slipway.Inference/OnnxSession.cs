using Microsoft.ML.OnnxRuntime;
using Slipway.Core.Errors;

namespace Slipway.Inference;

/// <summary>
/// A native session that is freed when its owner has let go of it and the last call inside it has returned: a model can be
/// unloaded or replaced while it is answering.
/// </summary>
internal sealed class OnnxSession : IDisposable
{
    private readonly InferenceSession session;
    private readonly NativeRun[] runs;
    private int users = 1;
    private int released;

    private OnnxSession(InferenceSession session, int places)
    {
        this.session = session;
        runs = [.. Enumerable.Range(0, places).Select(_ => new NativeRun())];
        RunWatch.Add(this);
    }

    public IReadOnlyDictionary<string, NodeMetadata> Inputs => session.InputMetadata;

    public IReadOnlyList<string> InputNames => session.InputNames;

    public IReadOnlyDictionary<string, NodeMetadata> Outputs => session.OutputMetadata;

    public IReadOnlyList<string> OutputNames => session.OutputNames;

    public IReadOnlyDictionary<string, string> Metadata => session.ModelMetadata.CustomMetadataMap;

    /// <param name="what">How an error names the model: its file or its name.</param>
    /// <param name="threads">Threads within one operator; more than one takes cores from other requests.</param>
    /// <param name="places">Native calls at a time whose deadlines are watched.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when ONNX Runtime refuses the model.</exception>
    public static OnnxSession Open(string what, int threads, int places, Func<SessionOptions, InferenceSession> open)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            // Every error reaches the caller as an exception; the native log would print it a second time.
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        try
        {
            return new OnnxSession(open(options), places);
        }
        catch (OnnxRuntimeException e)
        {
            throw new SlipwayException(ErrorKind.Invalid, $"{what} is not an ONNX model that can be run: {Reason(e)}", e);
        }
    }

    /// <summary>The first line of what ONNX Runtime said, without its error code.</summary>
    public static string Reason(OnnxRuntimeException e)
    {
        var line = e.Message.AsSpan();
        line = line[(line.IndexOf(']') + 1)..];
        var end = line.IndexOf('\n');
        return (end < 0 ? line : line[..end]).Trim().ToString();
    }

    /// <summary>Begins a native call; its disposal ends it.</summary>
    /// <param name="deadline">Timestamp after which it is stopped.</param>
    public NativeRun Begin(long deadline)
    {
        foreach (var run in runs)
        {
            if (run.TryTake(deadline))
            {
                return run;
            }
        }

        return new NativeRun();
    }

    public IDisposableReadOnlyCollection<OrtValue> Run(NativeRun run, string[] inputNames, OrtValue[] inputs, string[] outputNames) =>
        session.Run(run.Options, inputNames, inputs, outputNames);

    public void Run(NativeRun run, string[] inputNames, OrtValue[] inputs, string[] outputNames, OrtValue[] outputs) =>
        session.Run(run.Options, inputNames, inputs, outputNames, outputs);

    public void StopLate(long now)
    {
        foreach (var run in runs)
        {
            run.StopIfLate(now);
        }
    }

    /// <exception cref="ObjectDisposedException">The owner has let go.</exception>
    public Use Enter()
    {
        var current = Volatile.Read(ref users);
        while (true)
        {
            ObjectDisposedException.ThrowIf(current == 0, typeof(OnnxModel));
            var seen = Interlocked.CompareExchange(ref users, current + 1, current);
            if (seen == current)
            {
                return new Use(this);
            }

            current = seen;
        }
    }

    /// <summary>The owner lets go.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref released, 1) == 0)
        {
            Leave();
        }
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref users) == 0)
        {
            RunWatch.Remove(this);
            session.Dispose();
            Array.ForEach(runs, run => run.Options.Dispose());
        }
    }

    public readonly struct Use(OnnxSession session) : IDisposable
    {
        public void Dispose() => session.Leave();
    }
}
