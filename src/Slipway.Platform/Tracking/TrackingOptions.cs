namespace Slipway.Platform.Tracking;

public sealed record TrackingOptions
{
    /// <summary>
    /// Where experiments may keep their artifacts beside the server's own store: beginnings of addresses, such as
    /// <c>s3://team-bucket/</c>. Clients then write there themselves, with their own credentials.
    /// </summary>
    public IReadOnlyList<string> AllowedArtifactLocations { get; init; } = [];
}
