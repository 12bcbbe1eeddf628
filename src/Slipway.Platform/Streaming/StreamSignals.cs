using Slipway.Platform.Foundation;

namespace Slipway.Platform.Streaming;

/// <summary>How the parts of this module wake each other within a process.</summary>
public sealed class StreamSignals
{
    /// <summary>Beats when views have taken in events.</summary>
    internal Pulse Committed { get; } = new();

    /// <summary>Beats when the state of a view was replaced.</summary>
    internal Pulse Replaced { get; } = new();
}
