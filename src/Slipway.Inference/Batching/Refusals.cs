using Slipway.Core.Errors;

namespace Slipway.Inference.Batching;

/// <summary>What a model under too much load answers, in the words that the clients of the Open Inference Protocol know.</summary>
internal static class Refusals
{
    /// <param name="backlog">What waits already takes about so long.</param>
    public static SlipwayException QueueFull(string model, int limit, TimeSpan backlog) =>
        new(ErrorKind.Unavailable, $"Exceeds maximum queue size: {limit} requests wait for model '{model}'.") { RetryAfter = backlog };

    /// <param name="waiting">Whether it waited yet: then the server was busy; else the model took too long.</param>
    public static SlipwayException TimedOut(bool waiting) =>
        new(waiting ? ErrorKind.Unavailable : ErrorKind.Timeout, "Request timeout expired");
}
