using Slipway.Cluster;
using Slipway.Platform.Foundation.Outgoing;

namespace Slipway.Configuration;

/// <summary>Every setting of the server. A new one is one entry here; flags, environment, YAML and help follow.</summary>
internal static class Settings
{
    public const string ConfigFlag = "--config";
    public const string ConfigVariable = "SLIPWAY_CONFIG";

    public static readonly IReadOnlyList<Setting> All =
    [
        One("data", "DIR", "a folder", "Folder of all local state. Default: ./.slipway",
            (options, value) => options with { DataDirectory = SettingValue.FullPath(value) }),
        Many("urls", "URL", "http://HOST:PORT, where HOST is an IP address, localhost or * and port 0 means any free port",
            "Where REST and the UI listen (HTTP/1.1). Default: http://127.0.0.1:8080",
            (options, values) => options with { Urls = [.. values.Select(ListenAddress.Parse)] }),
        Many("grpc-urls", "URL", "http://HOST:PORT, where HOST is an IP address, localhost or * and port 0 means any free port",
            "Where gRPC listens (HTTP/2 without TLS). Default: http://127.0.0.1:8081",
            (options, values) => options with { GrpcUrls = [.. values.Select(ListenAddress.Parse)] }),
        One("database", "CONNECTION", "a PostgreSQL connection string such as Host=localhost;Database=slipway;Username=slipway",
            "PostgreSQL connection string. Default: SQLite in the data folder",
            (options, value) => options with { Database = SettingValue.PostgresConnection(value) }) with { IsSecret = true },
        One("online-store", "URL", "redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE][?prefix=NAME], or rediss:// for TLS",
            "Redis or Valkey that keeps online features. Default: the metadata database",
            (options, value) => options with { OnlineStore = RedisAddress.Parse(value) }) with { IsSecret = true },
        One("feature-sources", "DIR", "a folder", "Where files that feature definitions name are found. Default: sources in the data folder",
            (options, value) => options with { FeatureSources = SettingValue.FullPath(value) }),
        Many("model", "NAME=FILE", "NAME=FILE.onnx with a name of 1 to 100 letters, digits, '.', '_' and '-'",
            "Serve an ONNX file under a name. May be repeated",
            (options, values) => options with { Models = SettingValue.ModelFiles(values) }),
        Many("artifact-locations", "PREFIX", "the beginning of addresses that experiments may name, such as s3://team-bucket/",
            "Where experiments may keep artifacts beside the server's own store. May be repeated. Default: nowhere",
            (options, values) => options with { ArtifactLocations = [.. values] }),
        One("allow-anonymous", "BOOL", "true or false",
            "Let a server beyond loopback answer callers it does not know. Default: false",
            (options, value) => options with { AllowAnonymous = SettingValue.Bool(value) }) with { IsSwitch = true },
        One("auth", "MODE", "auto, required or off",
            "Whether callers are asked who they are; auto: beyond loopback, and once anybody has a key. Default: auto",
            (options, value) => options with { Auth = SettingValue.Choice<AuthMode>(value) }),
        One("oidc-authority", "URL", "an https URL, or an http one of this machine",
            "Take tokens of this OpenID Connect issuer. Default: none",
            (options, value) => Oidc(options, oidc => oidc with { Authority = SettingValue.AuthorityUrl(value) })),
        One("oidc-audience", "TEXT", "the audience that tokens must name",
            "For whom tokens of the issuer must be meant; needed with --oidc-authority. Default: none",
            (options, value) => Oidc(options, oidc => oidc with { Audience = value })),
        One("oidc-name-claim", "CLAIM", "the name of a claim", "Claim that names the caller. Default: sub",
            (options, value) => Oidc(options, oidc => oidc with { NameClaim = value })),
        One("oidc-role-claim", "CLAIM", "the name of a claim", "Claim whose values --oidc-role maps. Default: roles",
            (options, value) => Oidc(options, oidc => oidc with { RoleClaim = value })),
        Many("oidc-role", "VALUE=ROLE[@SCOPE]",
            "VALUE=ROLE or VALUE=ROLE@SCOPE, where ROLE is viewer, contributor, approver or admin and SCOPE project/NAME, model/NAME or view/NAME",
            "The role that a value of the role claim gives. May be repeated",
            (options, values) => Oidc(options, oidc => oidc with { Roles = [.. values.Select(SettingValue.ClaimedRole)] })),
        Many("allowed-hosts", "HOST", "a host name without a port",
            "Names the server may be called by, besides those of this machine. May be repeated",
            (options, values) => options with { AllowedHosts = [.. values.Select(SettingValue.HostName)] }),
        Many("allow-outgoing", "TARGET", "a host name, an IP address, or a range such as 10.1.0.0/16",
            "Let webhooks call this although it is no public address. May be repeated",
            (options, values) => options with { AllowOutgoing = [.. values.Select(AllowedTarget.Parse)] }),
        One("log-level", "LEVEL", "trace, debug, information, warning, error, critical or none",
            "Least level that is logged. Default: information",
            (options, value) => options with { LogLevel = SettingValue.Choice<LogLevel>(value) }),
        One("log-format", "FORMAT", "text or json", "How log records look. Default: text",
            (options, value) => options with { LogFormat = SettingValue.Choice<LogFormat>(value) }),
        One("otlp-endpoint", "URL", "an absolute http or https URL", "Push traces and metrics there by OTLP/gRPC. Default: nowhere",
            (options, value) => options with { OtlpEndpoint = SettingValue.HttpUrl(value) }),
        One("openlineage-url", "URL", "an absolute http or https URL",
            "Post lineage of runs there as OpenLineage events. Default: nowhere",
            (options, value) => options with { OpenLineageUrl = SettingValue.HttpUrl(value) }),
        One("openlineage-namespace", "NAME", "a name of 1 to 250 characters",
            "The namespace of jobs in OpenLineage events. Default: slipway",
            (options, value) => options with { OpenLineageNamespace = SettingValue.Name(value) }),
        One("openlineage-api-key", "KEY", "a key of the receiver of OpenLineage events",
            "Sent with OpenLineage events as a bearer token. Default: none",
            (options, value) => options with { OpenLineageApiKey = SettingValue.Name(value) }) with { IsSecret = true },
        One("drain-delay", "DURATION", "a duration from 0s to 10m, such as 5s",
            "How long a stopping server keeps serving while /readyz says 503. Default: 0s",
            (options, value) => options with { DrainDelay = SettingValue.Duration(value, TimeSpan.Zero, TimeSpan.FromMinutes(10)) }),
        One("shutdown-timeout", "DURATION", "a duration from 1s to 1h, such as 30s",
            "How long accepted work may take to finish when the server stops. Default: 30s",
            (options, value) => options with
            {
                ShutdownTimeout = SettingValue.Duration(value, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            }),
        One("max-body-size", "SIZE", "a size from 1KiB to 4GiB, such as 32MiB", "Largest request body. Default: 32MiB",
            (options, value) => options with { MaxBodySize = SettingValue.Bytes(value, 1L << 10, 4L << 30) }),
        One("gc-after", "AGE", "a length of time from 1h to 3650d, such as 30d, or never",
            "How long what was deleted can be restored before the nightly collection takes it. Default: 30d",
            (options, value) => options with { GcAfter = SettingValue.AgeOrNever(value, TimeSpan.FromHours(1), TimeSpan.FromDays(3650)) }),
    ];

    public static Setting? Find(string key) => All.FirstOrDefault(setting => setting.Key == key);

    private static SlipwayOptions Oidc(SlipwayOptions options, Func<OidcOptions, OidcOptions> change) =>
        options with { Oidc = change(options.Oidc ?? new OidcOptions()) };

    private static Setting One(
        string key, string value, string legal, string meaning, Func<SlipwayOptions, string, SlipwayOptions> apply) =>
        new(key, value, legal, meaning, (options, values) => apply(options, values[0]));

    private static Setting Many(
        string key, string value, string legal, string meaning, Func<SlipwayOptions, IReadOnlyList<string>, SlipwayOptions> apply) =>
        new(key, value, legal, meaning, apply) { TakesMany = true };
}
