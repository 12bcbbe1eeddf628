namespace Slipway.Client;

/// <summary>What a run is started with.</summary>
public sealed record TrackedRunOptions
{
    /// <summary>Made up by the server when absent.</summary>
    public string? Name { get; init; }

    /// <summary>The run that this one is a part of.</summary>
    public string? ParentId { get; init; }

    /// <summary>Starting a run in this experiment with this key again goes on with the run that is there.</summary>
    public string? RequestKey { get; init; }

    /// <summary>Of every random choice; whoever reproduces the run is told when it is not known.</summary>
    public long? Seed { get; init; }

    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Whether commit, diff, command, packages, runtime and operating system are kept.</summary>
    public bool CaptureEnvironment { get; init; } = true;

    /// <summary>Where the source code is checked out; the current folder when absent.</summary>
    public string? SourceFolder { get; init; }

    /// <summary>How this program is started, where its own command line does not say it, such as <c>dotnet run --project train</c>.</summary>
    public string? Command { get; init; }
}
