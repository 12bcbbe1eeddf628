using System.Collections.Immutable;

namespace Slipway.Platform.Foundation;

/// <summary>
/// Whether this process should get traffic, and if not, why. A part that needs time to start says so with
/// <see cref="Wait"/> when it is built and <see cref="Done"/> when it is up; <c>/readyz</c> shows what is left.
/// </summary>
public sealed class Readiness
{
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ImmutableSortedDictionary<string, string> waiting = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>What is not ready, with the reason; empty when the process is ready.</summary>
    public IReadOnlyDictionary<string, string> Reasons => Volatile.Read(ref waiting);

    public bool IsReady => Volatile.Read(ref waiting).IsEmpty;

    /// <summary>Keeps traffic away because of <paramref name="part"/>; a later reason of the same part replaces this one.</summary>
    /// <param name="part">Short and stable, as in <c>database</c>.</param>
    /// <param name="reason">For the operator, as in <c>applying migrations</c>.</param>
    public void Wait(string part, string reason) =>
        ImmutableInterlocked.Update(ref waiting, static (all, add) => all.SetItem(add.part, add.reason), (part, reason));

    /// <summary>Takes back what <see cref="Wait"/> said about <paramref name="part"/>.</summary>
    public void Done(string part)
    {
        ImmutableInterlocked.Update(ref waiting, static (all, name) => all.Remove(name), part);
        if (IsReady)
        {
            ready.TrySetResult();
        }
    }

    /// <summary>Completes when the last part is done for the first time.</summary>
    public Task WhenReadyAsync(CancellationToken cancel) => ready.Task.WaitAsync(cancel);
}
