using Slipway.Core.Errors;
using Slipway.Platform.Access;

namespace Slipway.Platform.Tracking;

/// <summary>One call that logs into a run, within the limits of <see cref="TrackingLimits"/>.</summary>
internal sealed class LoggedCall(Actor actor, string runId, LogBatch batch, CancellationToken cancel)
{
    private readonly TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Actor Actor => actor;

    public string RunId => runId;

    public LogBatch Batch => batch;

    /// <summary>Of the run; known when the entry is not refused.</summary>
    public long ExperimentId { get; set; }

    /// <summary>Why nothing of it is stored, or null.</summary>
    public SlipwayException? Refusal { get; set; }

    public Task Answered => answer.Task;

    /// <summary>Answers the caller who gave up before the work began.</summary>
    /// <returns>Whether it is so.</returns>
    public bool IsAbandoned()
    {
        return cancel.IsCancellationRequested && answer.TrySetCanceled(cancel);
    }

    public void Answer()
    {
        if (Refusal is null)
        {
            answer.TrySetResult();
        }
        else
        {
            answer.TrySetException(Refusal);
        }
    }

    public void Fail(Exception failure) => answer.TrySetException(failure);
}
