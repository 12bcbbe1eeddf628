using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using Slipway.Client;
using Slipway.Client.Reproduction;
using Slipway.Core.Reproduction;

namespace Slipway.Commands.Reproduce;

/// <summary>Compares a recipe with a folder and this machine.</summary>
internal static class Inspection
{
    /// <param name="root">The checkout, or a folder that is none.</param>
    public static async Task<IReadOnlyList<Finding>> CompareAsync(Recipe recipe, string root, CancellationToken cancel)
    {
        var checkout = await GitCheckout.LookAsync(root, cancel);
        var here = SourceState.Describe(checkout, root);
        var findings = new List<Finding>
        {
            Finding.Of("commit", recipe.Commit, checkout?.Commit, checkout is null
                ? $"{root} is no git checkout; --into DIR makes one"
                : $"git checkout {recipe.Commit}, or --into DIR"),
            Diff(recipe, checkout),
        };
        if (checkout is { Untracked: > 0 })
        {
            findings.Add(new Finding("untracked files", null, $"{checkout.Untracked}", Verdict.Unknown, "no diff has them; the run may have read such files too"));
        }

        findings.Add(Command(recipe));
        findings.Add(new Finding("seed", recipe.Seed, null, Verdict.Unknown, recipe.Seed is null
            ? "none is recorded; random choices may fall otherwise"
            : "the program sets it from its command or its code"));
        findings.Add(Finding.Of("runtime", recipe.Runtime, await RuntimeAsync(recipe.Runtime, here.Runtime, cancel), "install the recorded runtime"));
        findings.Add(Finding.Of("operating system", recipe.Os, here.Os));
        findings.Add(new Finding("packages", Brief(recipe.PackagesSha256), null, Verdict.Unknown, recipe.PackagesSha256 is null
            ? "the run does not say"
            : "known when it has run: --run"));
        foreach (var dataset in recipe.Datasets)
        {
            findings.Add(await DatasetAsync(dataset, Path.Combine(root, recipe.Folder), cancel));
        }

        return findings;
    }

    private static Finding Diff(Recipe recipe, GitCheckout? checkout)
    {
        var here = checkout is null ? null : checkout.Diff is null ? "too large" : checkout.Diff.Length == 0 ? "none" : Brief(SourceState.HashOf(checkout.Diff));
        return recipe switch
        {
            { Dirty: true, DiffSha256: null } => new Finding("changes", "unknown ones", here, Verdict.Unknown, "the run had changes and kept no diff"),
            { DiffSha256: { } diff } => Finding.Of("changes", Brief(diff), here, $"apply {SourceState.DiffPath} of the run, or --into DIR"),
            { Dirty: false } => Finding.Of("changes", "none", here, "git stash, or --into DIR"),
            _ => Finding.Of("changes", null, here),
        };
    }

    private static Finding Command(Recipe recipe) => recipe switch
    {
        { Command: null } => new Finding("command", null, null, Verdict.Unknown, "the run does not say"),
        { IsRunnable: false } => new Finding("command", recipe.Command, null, Verdict.Unknown, $"a secret was taken out; put it in for {Secrets.Mark} and run it by hand"),
        _ => new Finding("command", recipe.Command, recipe.Command, Verdict.Same),
    };

    private static async Task<Finding> DatasetAsync(DatasetInput dataset, string folder, CancellationToken cancel)
    {
        var what = $"dataset {dataset.Name}";
        if (Recipe.LocalFile(dataset) is not { } source)
        {
            return new Finding(what, dataset.Digest, null, Verdict.Unknown, $"its source is not a file: {dataset.Source}");
        }

        var file = Path.Combine(folder, source);
        if (!File.Exists(file))
        {
            return new Finding(what, dataset.Digest, "missing", Verdict.Differs, $"there is no file {file}");
        }

        await using var content = File.OpenRead(file);
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancel));
        return dataset.Digest.Length >= 16 && dataset.Digest.All(char.IsAsciiHexDigit) && dataset.Digest.Length is not 32
            ? Finding.Of(what, dataset.Digest.ToLowerInvariant(), hash[..Math.Min(dataset.Digest.Length, hash.Length)], $"{file} is not what the run read")
            : new Finding(what, dataset.Digest, hash[..36], Verdict.Unknown, "its digest is not a SHA-256 of the file");
    }

    /// <summary>The version of Python where the run was one; otherwise ours.</summary>
    private static async Task<string?> RuntimeAsync(string? recorded, string? own, CancellationToken cancel)
    {
        if (recorded?.StartsWith("Python", StringComparison.Ordinal) != true)
        {
            return own;
        }

        try
        {
            using var python = Process.Start(new ProcessStartInfo("python3", ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var version = await python.StandardOutput.ReadToEndAsync(cancel);
            await python.WaitForExitAsync(cancel);
            return version.Trim();
        }
        catch (Win32Exception)
        {
            return "no Python";
        }
    }

    /// <summary>Enough of a hash to tell it from others.</summary>
    private static string? Brief(string? hash) => hash is { Length: > 12 } ? hash[..12] : hash;
}
