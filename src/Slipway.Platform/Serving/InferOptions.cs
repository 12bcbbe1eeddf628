using Slipway.Inference;

namespace Slipway.Platform.Serving;

/// <summary>What a caller asks for beside the answer itself, and who asks.</summary>
/// <param name="Priority">Place in the queue: 1 goes first, larger numbers later; 0 leaves it to the server.</param>
/// <param name="Timeout">The longest that the answer may take; null leaves it to the endpoint.</param>
/// <param name="Caller">Whose limits it counts against: the actor's name; null for one nobody asked.</param>
public sealed record InferOptions(ulong Priority = 0, TimeSpan? Timeout = null, string? Caller = null)
{
    /// <summary>The server's own choices, for nobody in particular.</summary>
    public static InferOptions Default { get; } = new();

    /// <summary>At an endpoint, whose limit a request may shorten.</summary>
    internal CallOptions At(EndpointOptions endpoint)
    {
        var longest = TimeSpan.FromMilliseconds(endpoint.Limits.TimeoutMs);
        return new CallOptions
        {
            Priority = Priority,
            Timeout = Timeout is { } asked && asked < longest ? asked : longest,
            MaxQueue = endpoint.Limits.MaxQueue,
            Batching = endpoint.Batching,
        };
    }
}
