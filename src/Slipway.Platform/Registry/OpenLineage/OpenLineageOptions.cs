namespace Slipway.Platform.Registry.OpenLineage;

/// <summary>Where and how lineage is told to others.</summary>
public sealed record OpenLineageOptions
{
    /// <summary>Where events are posted; without a path, <c>/api/v1/lineage</c> as Marquez has it. Null tells nobody.</summary>
    public Uri? Url { get; init; }

    /// <summary>The namespace of jobs, and of datasets that have no address of their own.</summary>
    public string Namespace { get; init; } = "slipway";

    /// <summary>Sent as a bearer token.</summary>
    public string? ApiKey { get; init; }

    /// <summary>The wait before the second attempt; it doubles each time, up to a quarter of an hour.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How old an event may get before it is given up as a dead letter.</summary>
    public TimeSpan GiveUp { get; init; } = TimeSpan.FromDays(3);

    public string ServerVersion { get; init; } = "0";

    internal Uri? Target => Url is { AbsolutePath: "/" } bare ? new Uri(bare, "api/v1/lineage") : Url;
}
