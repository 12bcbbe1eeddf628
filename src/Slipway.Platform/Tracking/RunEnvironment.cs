using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Slipway.Core.Errors;
using Slipway.Core.Reproduction;

namespace Slipway.Platform.Tracking;

/// <summary>
/// What it takes to run the same again. The diff and the packages, which may be large, are artifacts of the run
/// (<c>slipway/source.diff</c>, <c>slipway/packages.txt</c>); here are their hashes.
/// </summary>
/// <param name="GitCommit">40 hex digits, or null where it is not known.</param>
/// <param name="Runtime">Such as <c>.NET 10.0.1</c> or <c>Python 3.12.1</c>.</param>
/// <param name="CommandLine">Without secrets.</param>
/// <param name="Seed">Of every random choice.</param>
public sealed partial record RunEnvironment(string? GitCommit, string? Runtime, string? Os, string? CommandLine, long? Seed)
{
    private const int Text = 250;
    private const int Command = 16_000;
    private const int Address = 2_000;

    /// <summary>Whether files under version control were changed since the commit; null where it is not known.</summary>
    public bool? GitDirty { get; init; }

    /// <summary>Of the diff to the commit, without secrets, 64 hex digits; null when nothing was changed.</summary>
    public string? GitDiffSha256 { get; init; }

    /// <summary>Where the commit can be had from, without credentials.</summary>
    public string? GitRepository { get; init; }

    /// <summary>The folder the command was started in, relative to the root of the checkout, with '/'; empty for the root.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Of the list of packages with their versions, 64 hex digits.</summary>
    public string? PackagesSha256 { get; init; }

    /// <summary>This process. The commit is the one that its executable was built from, when it was built in a git checkout.</summary>
    public static RunEnvironment Capture(long? seed = null) => new(
        CommitOf(Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion),
        RuntimeInformation.FrameworkDescription,
        $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}".Trim(),
        Secrets.FromCommand(System.Environment.CommandLine),
        seed)
    {
        PackagesSha256 = OwnPackages.Value,
    };

    /// <summary>The same with no secret that a client sent by mistake.</summary>
    internal RunEnvironment WithoutSecrets() => this with
    {
        CommandLine = CommandLine is null ? null : Secrets.FromCommand(CommandLine),
        GitRepository = GitRepository is null ? null : Secrets.FromText(GitRepository),
    };

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the part that is too long.</exception>
    internal void Check()
    {
        Limit.Text("An environment's commit", GitCommit, Text);
        Limit.Text("An environment's runtime", Runtime, Text);
        Limit.Text("An environment's operating system", Os, Text);
        Limit.Text("A command line", CommandLine, Command);
        Limit.Text("The hash of a diff", GitDiffSha256, Text);
        Limit.Text("The hash of the packages", PackagesSha256, Text);
        Limit.Text("The address of a repository", GitRepository, Address);
        Limit.Text("A working directory", WorkingDirectory, Address);
    }

    /// <summary>The build appends <c>+commit</c> to the version.</summary>
    internal static string? CommitOf(string? informationalVersion) =>
        informationalVersion is null ? null : Commit().Match(informationalVersion) is { Success: true } match ? match.Groups[1].Value : null;

    // It cannot change while the process lives.
    private static Lazy<string?> OwnPackages { get; } = new(() => PackageList.OfThisProcess() is { Count: > 0 } packages
        ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(PackageList.Text(packages))))
        : null);

    [GeneratedRegex(@"\+([0-9a-f]{40})$", RegexOptions.CultureInvariant)]
    private static partial Regex Commit();
}
