using Slipway.Client;
using Slipway.Client.Reproduction;

namespace Slipway.Tests.Reproduction;

public sealed class GitCheckoutTests : IDisposable
{
    private readonly TempFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    /// <summary>A repository with one commit of train.txt, which holds "rate = 1".</summary>
    internal static async Task<string> CommitAsync(TempFolder folder)
    {
        var root = folder.Combine("repo");
        Directory.CreateDirectory(Path.Combine(root, "sub"));
        await File.WriteAllTextAsync(Path.Combine(root, "train.txt"), "rate = 1\n", Cancel);
        await File.WriteAllTextAsync(Path.Combine(root, ".gitignore"), "ignored\n", Cancel);
        await Git.DoAsync(root, Cancel, "init", "--quiet", "--initial-branch=main");
        await Git.DoAsync(root, Cancel, "add", ".");
        await Git.DoAsync(root, Cancel, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "--message=first");
        return root;
    }

    [Fact]
    public async Task A_clean_checkout_is_its_commit()
    {
        var root = await CommitAsync(folder);
        await Git.DoAsync(root, Cancel, "remote", "add", "origin", "https://me:s3cret@forge.example/team/flights.git");
        await File.WriteAllTextAsync(Path.Combine(root, "ignored"), "x", Cancel);

        var checkout = await GitCheckout.LookAsync(Path.Combine(root, "sub"), Cancel);

        Assert.NotNull(checkout);
        Assert.Matches("^[0-9a-f]{40}$", checkout.Commit);
        Assert.Equal("https://forge.example/team/flights.git", checkout.Repository);
        Assert.Equal((false, "", 0), (checkout.IsDirty, checkout.Diff, checkout.Untracked));
        Assert.Equal(("sub", "", null), (checkout.Relative(Path.Combine(root, "sub")), checkout.Relative(root), checkout.Relative(folder.FullPath)));
    }

    [Fact]
    public async Task A_change_is_kept_as_a_diff_that_applies_and_holds_no_secret()
    {
        var root = await CommitAsync(folder);
        await File.WriteAllTextAsync(Path.Combine(root, "train.txt"), "rate = 2\npassword = \"s3cret\"\n", Cancel);
        await File.WriteAllTextAsync(Path.Combine(root, "new.txt"), "x", Cancel);

        var checkout = await GitCheckout.LookAsync(root, Cancel);

        Assert.True(checkout!.IsDirty);
        Assert.Equal(1, checkout.Untracked);
        Assert.Contains("\n-rate = 1\n+rate = 2\n+password = ***\n", checkout.Diff, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", checkout.Diff, StringComparison.Ordinal);
        var environment = SourceState.Describe(checkout, root);
        Assert.Equal((true, SourceState.HashOf(checkout.Diff!)), (environment.GitDirty, environment.GitDiffSha256));

        await File.WriteAllTextAsync(folder.Combine("source.diff"), checkout.Diff, Cancel);
        await Git.DoAsync(root, Cancel, "checkout", "--quiet", "--", ".");
        await Git.DoAsync(root, Cancel, "apply", folder.Combine("source.diff"));
        Assert.Equal("rate = 2\npassword = ***\n", await File.ReadAllTextAsync(Path.Combine(root, "train.txt"), Cancel));
    }

    [Fact]
    public async Task A_folder_that_is_no_checkout_says_nothing() =>
        Assert.Null(await GitCheckout.LookAsync(Path.GetTempPath(), Cancel));

    [Fact]
    public async Task A_program_started_by_hand_keeps_its_folder_seed_and_command()
    {
        var root = await CommitAsync(folder);
        var state = await SourceState.CaptureAsync(
            new TrackedRunOptions { SourceFolder = Path.Combine(root, "sub"), Seed = 7, Command = "train --token s3cret" }, Cancel);
        Assert.Equal(("sub", 7, "train --token ***"), (state.Environment.WorkingDirectory, state.Environment.Seed, state.Environment.CommandLine));
        Assert.Equal((false, ""), (state.Environment.GitDirty, state.Diff));
    }
}
