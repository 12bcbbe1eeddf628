using System.Text.RegularExpressions;
using Slipway.Client;
using Slipway.Client.Reproduction;
using Slipway.Core.Errors;

namespace Slipway.Commands.Reproduce;

/// <summary>A fresh checkout of what a run was made from.</summary>
internal static partial class Workspace
{
    /// <summary>Clones the run's commit into a new folder and applies its diff.</summary>
    /// <param name="near">A checkout that may have the commit already.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when the folder is in use, or the commit cannot be had.</exception>
    public static async Task MakeAsync(SlipwayClient client, Recipe recipe, string near, string folder, CancellationToken cancel)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new SlipwayException(ErrorKind.FailedPrecondition, $"{folder} is not empty; give a new folder.");
        }

        if (recipe.Commit is null || !CommitPattern().IsMatch(recipe.Commit))
        {
            throw new SlipwayException(ErrorKind.FailedPrecondition, $"Run {recipe.RunId} does not say which commit it was made from.");
        }

        Directory.CreateDirectory(folder);
        var source = await SourceAsync(recipe, near, cancel);
        await Git.DoAsync(folder, cancel, "clone", "--quiet", "--no-checkout", "--", source, ".");
        await Git.DoAsync(folder, cancel, "checkout", "--quiet", "--detach", recipe.Commit);
        await ApplyAsync(client, recipe, folder, cancel);
    }

    private static async Task<string> SourceAsync(Recipe recipe, string near, CancellationToken cancel)
    {
        if (await GitCheckout.LookAsync(near, cancel) is { } checkout
            && await Git.ReadAsync(checkout.Root, cancel, "cat-file", "-e", recipe.Commit + "^{commit}") is not null)
        {
            return checkout.Root;
        }

        // Whoever logs a run chooses this text: only addresses that name a server, never a helper program or a flag.
        return recipe.Repository is { } address && AddressPattern().IsMatch(address) ? address : throw new SlipwayException(
            ErrorKind.FailedPrecondition,
            $"Commit {recipe.Commit} is not in the checkout at {near}, and the run names {(recipe.Repository is { } other ? $"'{other}', which is not cloned by itself" : "no repository")}; run this inside a checkout that has it.");
    }

    private static async Task ApplyAsync(SlipwayClient client, Recipe recipe, string folder, CancellationToken cancel)
    {
        if (recipe.DiffSha256 is null)
        {
            return;
        }

        var diff = await client.Artifacts.ReadTextAsync(recipe.RunId, SourceState.DiffPath, cancel);
        if (SourceState.HashOf(diff) != recipe.DiffSha256)
        {
            throw new SlipwayException(ErrorKind.FailedPrecondition, $"{SourceState.DiffPath} of run {recipe.RunId} was changed after the run started; it is not applied.");
        }

        var file = Path.Combine(folder, ".git", "slipway-source.diff");
        await File.WriteAllTextAsync(file, diff, cancel);
        await Git.DoAsync(folder, cancel, "apply", "--whitespace=nowarn", file);
    }

    [GeneratedRegex(@"\A[0-9a-f]{40}(?:[0-9a-f]{24})?\z")]
    private static partial Regex CommitPattern();

    [GeneratedRegex(@"\A(?:https?://|ssh://|[A-Za-z0-9._\-]+@[A-Za-z0-9.\-]+:)[^\s]+\z")]
    private static partial Regex AddressPattern();
}
