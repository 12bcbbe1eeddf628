using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Slipway.Core.Reproduction;

namespace Slipway.Client.Reproduction;

/// <summary>This program as a run keeps it: what <see cref="RunEnvironment"/> says, and the texts it has only the hashes of.</summary>
/// <param name="Diff">Null when it is too large to be kept.</param>
public sealed record SourceState(RunEnvironment Environment, string? Diff, IReadOnlyList<KeyValuePair<string, string>> Packages)
{
    /// <summary>Where the diff is among the artifacts of a run.</summary>
    public const string DiffPath = "slipway/source.diff";

    /// <summary>Where the packages are, one <c>Name==Version</c> per line.</summary>
    public const string PackagesPath = "slipway/packages.txt";

    public static async Task<SourceState> CaptureAsync(TrackedRunOptions run, CancellationToken cancel = default)
    {
        var folder = Path.GetFullPath(run.SourceFolder ?? ".");
        var checkout = await GitCheckout.LookAsync(folder, cancel);
        var packages = PackageList.OfThisProcess();
        var environment = Describe(checkout, folder) with
        {
            CommandLine = Secrets.FromCommand(run.Command ?? OwnCommand(checkout)),
            Seed = run.Seed,
            PackagesSha256 = packages.Count == 0 ? null : HashOf(PackageList.Text(packages)),
        };
        return new SourceState(environment, checkout is null ? "" : checkout.Diff, packages);
    }

    /// <summary>What a folder and this machine have in common with any run there: no command, no seed, no packages.</summary>
    public static RunEnvironment Describe(GitCheckout? checkout, string folder) => new(
        checkout?.Commit, RuntimeInformation.FrameworkDescription, $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}")
    {
        GitDirty = checkout?.IsDirty,
        GitDiffSha256 = checkout is { Diff.Length: > 0 } ? HashOf(checkout.Diff) : null,
        GitRepository = checkout?.Repository,
        WorkingDirectory = checkout?.Relative(folder),
    };

    public static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>With the host in front where the program is a library, and paths of the checkout relative to the current folder.</summary>
    private static string OwnCommand(GitCheckout? checkout)
    {
        var words = System.Environment.GetCommandLineArgs();
        var host = System.Environment.ProcessPath;
        var isHosted = Path.GetFileNameWithoutExtension(host) == "dotnet";
        return CommandText.Join([.. isHosted ? ["dotnet", Short(words[0], checkout)] : new[] { Short(host ?? words[0], checkout) }, .. words.Skip(1)]);
    }

    private static string Short(string path, GitCheckout? checkout) =>
        checkout?.Relative(path) is null ? path : Path.GetRelativePath(".", path).Replace('\\', '/');
}
