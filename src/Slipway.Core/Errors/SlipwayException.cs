namespace Slipway.Core.Errors;

/// <summary>What went wrong, as far as a caller can act on it; one map turns it into an HTTP or gRPC status.</summary>
public enum ErrorKind
{
    /// <summary>The input breaks a rule; sending it again unchanged fails again (400).</summary>
    Invalid,

    /// <summary>The caller is not known (401).</summary>
    Unauthenticated,

    /// <summary>The caller is known and may not do this (403).</summary>
    Forbidden,

    /// <summary>The named thing does not exist (404).</summary>
    NotFound,

    /// <summary>The named thing exists already, or was changed meanwhile (409).</summary>
    Conflict,

    /// <summary>The state of the thing does not allow it now (412).</summary>
    FailedPrecondition,

    /// <summary>The input is larger than the limit named in the message (413).</summary>
    TooLarge,

    /// <summary>The media type or feature is not supported (415 or 501, by protocol).</summary>
    Unsupported,

    /// <summary>A rate or queue limit is reached; try again later (429).</summary>
    TooManyRequests,

    /// <summary>Something this needs is not there now; try again later (503).</summary>
    Unavailable,

    /// <summary>It took longer than its limit (504).</summary>
    Timeout,
}

/// <summary>An error the caller can fix. The message names the thing, the limit and the value.</summary>
public sealed class SlipwayException(ErrorKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    public ErrorKind Kind { get; } = kind;

    /// <summary>How long to wait before another try, where that is known.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The same in whole seconds, at least one and rounded up, as HTTP says it.</summary>
    public int? RetryAfterSeconds => RetryAfter is { } wait ? (int)Math.Clamp(Math.Ceiling(wait.TotalSeconds), 1, 3600) : null;

    public static SlipwayException Invalid(string message) => new(ErrorKind.Invalid, message);

    public static SlipwayException NotFound(string message) => new(ErrorKind.NotFound, message);

    public static SlipwayException Conflict(string message) => new(ErrorKind.Conflict, message);
}
