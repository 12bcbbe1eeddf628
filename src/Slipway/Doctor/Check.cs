using Slipway.Configuration;

namespace Slipway.Doctor;

/// <summary>How a finding touches the server.</summary>
internal enum Verdict
{
    Ok,

    /// <summary>The server runs; something is slower, missing or about to end.</summary>
    Warn,

    /// <summary>The server does not start or does not work.</summary>
    Fail,
}

/// <param name="Found">What there is, in one line.</param>
/// <param name="Advice">What to do about it; null when it is ok.</param>
internal sealed record Finding(Verdict Verdict, string Found, string? Advice = null)
{
    public static Finding Ok(string found) => new(Verdict.Ok, found);

    public static Finding Warn(string found, string advice) => new(Verdict.Warn, found, advice);

    public static Finding Fail(string found, string advice) => new(Verdict.Fail, found, advice);
}

/// <summary>One thing <c>slipway doctor</c> looks at. It leaves nothing behind, and what it throws counts as a failure.</summary>
internal sealed record Check(string Name, Func<SlipwayOptions, CancellationToken, Task<Finding>> RunAsync)
{
    /// <summary>In the order in which they are printed. A new check is one entry here.</summary>
    public static readonly IReadOnlyList<Check> All =
    [
        new("runtime", RuntimeCheck.RunAsync),
        new("clock", ClockCheck.RunAsync),
        new("data folder", DataFolderCheck.RunAsync),
        new("database", DatabaseCheck.RunAsync),
        new("ports", PortsCheck.RunAsync),
        new("sqlite", NativeLibraryChecks.SqliteAsync),
        new("duckdb", NativeLibraryChecks.DuckDbAsync),
        new("onnx runtime", NativeLibraryChecks.OnnxRuntimeAsync),
        new("lightgbm", NativeLibraryChecks.LightGbmAsync),
    ];
}
