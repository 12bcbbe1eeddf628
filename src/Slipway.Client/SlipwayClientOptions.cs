namespace Slipway.Client;

/// <summary>How a client behaves; the defaults suit a program that trains.</summary>
public sealed record SlipwayClientOptions
{
    /// <summary>How often a call that may be repeated is made before it fails; at least 1.</summary>
    public int Attempts { get; init; } = 6;

    /// <summary>The wait before the second attempt; it doubles each time. A server's <c>Retry-After</c> overrules it.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>No wait is longer, whatever a server asks for.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one attempt may take until its answer begins. Files are streamed beyond it.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>How often a run sends what it has gathered.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many values a run keeps while the server does not take them; logging another one fails then.</summary>
    public int MaxPending { get; init; } = 200_000;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Replaces the network, for a proxy or a test; the client does not dispose it.</summary>
    public HttpMessageHandler? Handler { get; init; }
}
