namespace Slipway.Core.Windows;

/// <summary>An event that no window takes: a dead letter.</summary>
/// <param name="Row">Its row in the table that was added.</param>
public readonly record struct RefusedEvent(int Row, RefusalCause Cause);

public enum RefusalCause
{
    /// <summary>The first boundary that would cover it has been emitted.</summary>
    Late,
    NullKey,
    NullTimestamp,
}
