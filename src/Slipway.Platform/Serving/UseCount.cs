namespace Slipway.Platform.Serving;

/// <summary>
/// Keeps something alive while it is in use: the owner holds one use from the start, and when the last use ends the thing is
/// let go, once. Lock-free, so a request may take it.
/// </summary>
internal sealed class UseCount(Action release)
{
    private int uses = 1;

    /// <returns>False when it was let go already.</returns>
    public bool TryEnter()
    {
        var current = Volatile.Read(ref uses);
        while (current > 0)
        {
            var seen = Interlocked.CompareExchange(ref uses, current + 1, current);
            if (seen == current)
            {
                return true;
            }

            current = seen;
        }

        return false;
    }

    public void Leave()
    {
        if (Interlocked.Decrement(ref uses) == 0)
        {
            release();
        }
    }
}
