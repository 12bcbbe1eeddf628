namespace Slipway.Platform.Foundation;

/// <summary>
/// Wakes everybody who waits, once per beat. Take <see cref="Next"/> before looking at what it announces, so that no beat is missed.
/// </summary>
public sealed class Pulse
{
    private TaskCompletionSource next = Create();

    /// <summary>Completes at the next <see cref="Beat"/>.</summary>
    public Task Next => Volatile.Read(ref next).Task;

    public void Beat() => Interlocked.Exchange(ref next, Create()).SetResult();

    private static TaskCompletionSource Create() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
