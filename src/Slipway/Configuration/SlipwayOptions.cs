using Slipway.Cluster;
using Slipway.Platform.Foundation.Outgoing;

namespace Slipway.Configuration;

/// <summary>How this process runs, after flags, environment and slipway.yaml have been merged and checked.</summary>
internal sealed record SlipwayOptions
{
    /// <summary>Folder of all local state, absolute.</summary>
    public string DataDirectory { get; init; } = Path.GetFullPath(".slipway");

    /// <summary>HTTP/1.1: REST and UI.</summary>
    public IReadOnlyList<ListenAddress> Urls { get; init; } = [new("127.0.0.1", 8080)];

    /// <summary>HTTP/2 without TLS: gRPC.</summary>
    public IReadOnlyList<ListenAddress> GrpcUrls { get; init; } = [new("127.0.0.1", 8081)];

    /// <summary>A PostgreSQL connection string; null means SQLite in <see cref="DataDirectory"/>.</summary>
    public string? Database { get; init; }

    /// <summary>The metadata database when <see cref="Database"/> is null.</summary>
    public string SqliteFile => Path.Combine(DataDirectory, "slipway.db");

    /// <summary>Keeps online features; null for the metadata database.</summary>
    public RedisAddress? OnlineStore { get; init; }

    /// <summary>The folder of the files that feature definitions name; null for <c>sources</c> in <see cref="DataDirectory"/>.</summary>
    public string? FeatureSources { get; init; }

    /// <summary>ONNX files to serve at once, without a registry.</summary>
    public IReadOnlyList<ModelFile> Models { get; init; } = [];

    /// <summary>Beginnings of the addresses where experiments may keep artifacts, beside the server's own store.</summary>
    public IReadOnlyList<string> ArtifactLocations { get; init; } = [];

    /// <summary>Whether a server that listens beyond loopback may do so without asking callers who they are.</summary>
    public bool AllowAnonymous { get; init; }

    public AuthMode Auth { get; init; } = AuthMode.Auto;

    /// <summary>Whose tokens are taken besides API keys; null means nobody's.</summary>
    public OidcOptions? Oidc { get; init; }

    /// <summary>Names under which the server may be called besides those of this machine, in lower case.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>What the server may call although it is no public address.</summary>
    public IReadOnlyList<AllowedTarget> AllowOutgoing { get; init; } = [];

    /// <summary>Whether some address can be reached from other machines.</summary>
    public bool IsBeyondLoopback => Urls.Concat(GrpcUrls).Any(address => !address.IsLoopback);

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    public LogFormat LogFormat { get; init; } = LogFormat.Text;

    /// <summary>Where traces and metrics are pushed by OTLP/gRPC; null means nowhere.</summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>Where lineage of runs is posted as OpenLineage events; null means nowhere.</summary>
    public Uri? OpenLineageUrl { get; init; }

    /// <summary>Of jobs, and of datasets that have no address.</summary>
    public string OpenLineageNamespace { get; init; } = "slipway";

    /// <summary>Sent with the events as a bearer token.</summary>
    public string? OpenLineageApiKey { get; init; }

    /// <summary>How long a stopping server keeps answering as before, while <c>/readyz</c> already tells balancers to leave.</summary>
    public TimeSpan DrainDelay { get; init; } = TimeSpan.Zero;

    /// <summary>How long requests and background work that were accepted may take to finish.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes; a larger body is answered with 413.</summary>
    public long MaxBodySize { get; init; } = 32L << 20;

    /// <summary>How long what was deleted is kept; null for ever.</summary>
    public TimeSpan? GcAfter { get; init; } = TimeSpan.FromDays(30);
}

/// <summary>Whether callers are asked who they are.</summary>
internal enum AuthMode
{
    /// <summary>Once the server listens beyond loopback, or anybody has been given a name or a key.</summary>
    Auto,

    Required,

    Off,
}

/// <summary>How a log record looks on the console.</summary>
internal enum LogFormat
{
    /// <summary>One line for people.</summary>
    Text,

    /// <summary>One JSON object per line.</summary>
    Json,
}

/// <param name="Name">The endpoint's name in URLs.</param>
/// <param name="File">Absolute path of an existing file.</param>
internal sealed record ModelFile(string Name, string File);
