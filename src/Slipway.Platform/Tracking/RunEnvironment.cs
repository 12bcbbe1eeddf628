using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Slipway.Platform.Tracking;

/// <summary>What it takes to run the same again.</summary>
/// <param name="GitCommit">40 hex digits, or null where it is not known.</param>
/// <param name="Runtime">Such as <c>.NET 10.0.1</c> or <c>Python 3.12.1</c>.</param>
/// <param name="CommandLine">Without secrets.</param>
/// <param name="Seed">Of every random choice.</param>
public sealed partial record RunEnvironment(string? GitCommit, string? Runtime, string? Os, string? CommandLine, long? Seed)
{
    /// <summary>This process. The commit is the one that its executable was built from, when it was built in a git checkout.</summary>
    public static RunEnvironment Capture(long? seed = null) => new(
        CommitOf(Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion),
        RuntimeInformation.FrameworkDescription,
        $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}".Trim(),
        WithoutSecrets(System.Environment.CommandLine),
        seed);

    /// <summary>The build appends <c>+commit</c> to the version.</summary>
    internal static string? CommitOf(string? informationalVersion) =>
        informationalVersion is null ? null : Commit().Match(informationalVersion) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>A command line may hold a connection string, and a run is read by many.</summary>
    internal static string WithoutSecrets(string commandLine) => Secret().Replace(commandLine, "$1***");

    [GeneratedRegex(@"\+([0-9a-f]{40})$", RegexOptions.CultureInvariant)]
    private static partial Regex Commit();

    [GeneratedRegex(
        """((?:password|passwd|pwd|secret|token|api[-_]?key|access[-_]?key|account[-_]?key)\s*[=\s]\s*)(?:'[^']*'|"[^"]*"|[^\s;'"]+)""",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Secret();
}
