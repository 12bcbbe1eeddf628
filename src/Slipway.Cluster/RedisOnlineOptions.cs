namespace Slipway.Cluster;

public sealed record RedisOnlineOptions
{
    /// <summary>After this a read fails: whoever asks for features waits for a prediction.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>After this one call of a write counts as lost and is made again.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a write waits for a server that is gone before it fails.</summary>
    public TimeSpan WriteWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The pause between two attempts of a write.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromMilliseconds(100);
}
