using System.Text.RegularExpressions;
using Slipway.Core.Reproduction;

namespace Slipway.Client.Reproduction;

/// <summary>A folder under version control, as far as it takes to have the same files again.</summary>
/// <param name="Root">The top folder of the checkout, absolute.</param>
/// <param name="Commit">40 hex digits (64 in a repository of SHA-256).</param>
/// <param name="Repository">The address of <c>origin</c> without credentials; null when there is none.</param>
/// <param name="Diff">
/// What tracked files are ahead of the commit, as <c>git apply</c> takes it, without secrets; empty when they are not, null when
/// it has more than <see cref="MaxDiff"/> characters.
/// </param>
/// <param name="Untracked">How many files git does not know and does not ignore; they are in no diff.</param>
public sealed partial record GitCheckout(string Root, string Commit, string? Repository, string? Diff, int Untracked)
{
    /// <summary>In characters.</summary>
    public const int MaxDiff = 2_000_000;

    public bool IsDirty => Diff is not { Length: 0 };

    /// <returns>Null outside a checkout, in one without a commit, and where git is not installed.</returns>
    public static async Task<GitCheckout?> LookAsync(string folder, CancellationToken cancel = default)
    {
        if (await Git.ReadAsync(folder, cancel, "rev-parse", "--show-toplevel") is not { Length: > 0 } root
            || await Git.ReadAsync(folder, cancel, "rev-parse", "--verify", "HEAD^{commit}") is not { } commit)
        {
            return null;
        }

        root = root.TrimEnd('\n');
        var remote = await Git.ReadAsync(root, cancel, "remote", "get-url", "origin");
        var untracked = await Git.ReadAsync(root, cancel, "ls-files", "--others", "--exclude-standard") ?? "";
        var diff = await Git.ReadAsync(
            root, cancel, "diff", "HEAD", "--binary", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames");
        return new GitCheckout(
            Path.GetFullPath(root), commit.Trim(), remote is null ? null : WithoutCredentials(remote.Trim()),
            diff is null ? null : Secrets.FromText(diff), untracked.Count(c => c == '\n'));
    }

    /// <summary>The path of a folder or file within the checkout, with '/'; null when it lies outside.</summary>
    public string? Relative(string path)
    {
        var relative = Path.GetRelativePath(Root, Path.GetFullPath(path)).Replace('\\', '/');
        return relative == "." ? "" : relative == ".." || relative.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? null : relative;
    }

    private static string WithoutCredentials(string address) => Credentials().Replace(address, "$1");

    [GeneratedRegex(@"\A([a-z][a-z0-9+.\-]*://)[^/@]*@", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Credentials();
}
