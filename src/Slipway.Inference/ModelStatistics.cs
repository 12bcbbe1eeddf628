namespace Slipway.Inference;

/// <summary>How often something was done and how long that took in all.</summary>
public readonly record struct CountedTime(long Count, long Nanoseconds);

/// <summary>Executions of one size.</summary>
/// <param name="Size">Inferences of one execution.</param>
public sealed record BatchStatistics(int Size, CountedTime ComputeInput, CountedTime ComputeInfer, CountedTime ComputeOutput);

/// <summary>What a model did since it was loaded, in the counts of the statistics extension of the Open Inference Protocol.</summary>
/// <param name="InferenceCount">Inferences made: rows along the first axis, over all executions that succeeded.</param>
/// <param name="ExecutionCount">Native calls that succeeded; fewer than requests where requests were batched.</param>
/// <param name="LastInferenceMs">When the last execution ended, in milliseconds since the epoch; 0 before the first.</param>
/// <param name="Success">Requests answered, from their arrival at the model to their answer.</param>
/// <param name="Fail">Requests that were not: refused by the model, timed out, or cancelled while they waited.</param>
/// <param name="Queue">Requests answered, their wait for a place.</param>
/// <param name="ComputeInput">Requests answered, gathering their input.</param>
/// <param name="ComputeInfer">Requests answered, inside the native call that they shared.</param>
/// <param name="ComputeOutput">Requests answered, handing out the output.</param>
/// <param name="Batches">By size, ascending, up to <see cref="MaxBatchSize"/>; larger executions count only above.</param>
/// <param name="Waiting">Requests in the queue at this moment.</param>
/// <param name="QueueFull">Requests refused because the queue was full.</param>
/// <param name="TimedOut">Requests whose time ran out.</param>
public sealed record ModelStatistics(
    long InferenceCount, long ExecutionCount, long LastInferenceMs, CountedTime Success, CountedTime Fail, CountedTime Queue,
    CountedTime ComputeInput, CountedTime ComputeInfer, CountedTime ComputeOutput, IReadOnlyList<BatchStatistics> Batches,
    int Waiting, long QueueFull, long TimedOut)
{
    /// <summary>The largest execution that is counted by its size.</summary>
    public const int MaxBatchSize = 2048;
}
