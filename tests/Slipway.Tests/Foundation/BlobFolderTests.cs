using System.Security.Cryptography;
using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Blobs;
using Slipway.TestKit;

namespace Slipway.Tests.Foundation;

/// <summary>Blobs as a tree: listing, deleting, links, and what is collected.</summary>
public sealed class BlobFolderTests : IDisposable
{
    private static readonly DateTimeOffset LongAgo = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TempFolder folder = new();
    private readonly BlobStore blobs;

    public BlobFolderTests() => blobs = new BlobStore(folder.Combine("blobs"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_folder_lists_its_files_with_sizes_and_its_folders_by_ordinal()
    {
        await PutAsync("run/b.txt", "12345");
        await PutAsync("run/A.txt", "1");
        await PutAsync("run/a/deep/c.txt", "123");

        Assert.Equal(
            [new BlobEntry("A.txt", false, 1), new BlobEntry("a", true, 0), new BlobEntry("b.txt", false, 5)],
            blobs.List("run", recursive: false, "", 10));
        Assert.Equal(
            [new BlobEntry("A.txt", false, 1), new BlobEntry("a/deep/c.txt", false, 3), new BlobEntry("b.txt", false, 5)],
            blobs.List("run", recursive: true, "", 10));
    }

    [Fact]
    public async Task Pages_of_a_folder_join_to_the_whole_of_it()
    {
        for (var i = 0; i < 25; i++)
        {
            await PutAsync($"run/{i:00}", "x");
        }

        var (seen, after) = (new List<string>(), "");
        while (blobs.List("run", recursive: false, after, 10) is { Count: > 0 } page)
        {
            seen.AddRange(page.Select(entry => entry.Path));
            after = seen[^1];
        }

        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"{i:00}"), seen);
    }

    [Fact]
    public async Task What_is_no_folder_lists_as_empty()
    {
        await PutAsync("file", "x");
        Assert.Empty(blobs.List("file", recursive: false, "", 10));
        Assert.Empty(blobs.List("absent", recursive: true, "", 10));
    }

    [Fact]
    public async Task A_folder_is_deleted_with_all_in_it_and_so_are_folders_that_it_leaves_empty()
    {
        await PutAsync("run/sub/deep/a", "x");
        await PutAsync("run/sub/b", "x");
        await PutAsync("other/c", "x");

        Assert.True(blobs.Delete("run/sub"));

        Assert.Equal(["other/c"], blobs.List(""));
        Assert.False(Directory.Exists(folder.Combine("blobs", "run")));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Combine("blobs", ".incoming")));
    }

    [Fact]
    public async Task A_reader_keeps_what_it_opened_when_the_blob_is_replaced_and_deleted()
    {
        await PutAsync("a", "old");
        await using var open = blobs.Open("a").Content;
        await PutAsync("a", "new");
        blobs.Delete("a");
        Assert.Equal("old", await new StreamReader(open).ReadToEndAsync(Cancel));
    }

    [Fact]
    public async Task A_replaced_blob_has_another_validator()
    {
        await PutAsync("a", "one");
        string before;
        using (blobs.Open("a").Content)
        {
            before = blobs.Open("a").ETag;
        }

        await PutAsync("a", "three");
        Assert.NotEqual(before, blobs.Open("a").ETag);
    }

    [Fact]
    public async Task Links_are_neither_listed_nor_followed_nor_written_through_and_go_without_their_target()
    {
        var secret = folder.Combine("outside");
        Directory.CreateDirectory(secret);
        await File.WriteAllTextAsync(Path.Combine(secret, "secret"), "secret", Cancel);
        await PutAsync("run/a", "x");
        Directory.CreateSymbolicLink(folder.Combine("blobs", "run", "link"), secret);
        File.CreateSymbolicLink(folder.Combine("blobs", "run", "file"), Path.Combine(secret, "secret"));

        Assert.Equal(["run/a"], blobs.List("run"));
        Assert.Equal([new BlobEntry("a", false, 1)], blobs.List("run", recursive: false, "", 10));
        Assert.Contains("symbolic link", Refused(() => blobs.Open("run/link/secret")), StringComparison.Ordinal);
        Assert.Contains("symbolic link", Refused(() => blobs.Open("run/file")), StringComparison.Ordinal);
        Assert.Contains("symbolic link", Refused(() => blobs.List("run/link", recursive: false, "", 10)), StringComparison.Ordinal);
        Assert.Contains("symbolic link", Refused(() => blobs.Uploads.Begin("run/link/new")), StringComparison.Ordinal);
        await Assert.ThrowsAsync<SlipwayException>(() => PutAsync("run/link/new", "x"));
        await Assert.ThrowsAsync<SlipwayException>(() => PutAsync("run/file", "overwritten"));
        Assert.True(blobs.Delete("run"));
        Assert.Equal("secret", await File.ReadAllTextAsync(Path.Combine(secret, "secret"), Cancel));
        Assert.Single(Directory.GetFiles(secret));
    }

    [Fact]
    public async Task A_link_that_is_swapped_in_between_look_and_open_is_noticed()
    {
        await PutAsync("run/a", "mine");
        var (path, other) = (folder.Combine("blobs", "run", "a"), folder.Combine("elsewhere"));
        await File.WriteAllTextAsync(other, "secret", Cancel);
        using var stop = new CancellationTokenSource();

        // One side swaps file and link as fast as it can, the other reads as fast as it can.
        var swapping = Task.Run(
            () =>
            {
                for (var i = 0; !stop.IsCancellationRequested; i++)
                {
                    var fresh = folder.Combine($"fresh{i % 2}");
                    File.Delete(fresh);
                    if (i % 2 == 0)
                    {
                        File.CreateSymbolicLink(fresh, other);
                    }
                    else
                    {
                        File.WriteAllText(fresh, "mine");
                    }

                    File.Move(fresh, path, overwrite: true);
                }
            },
            Cancel);
        for (var i = 0; i < 3000; i++)
        {
            try
            {
                using var reader = new StreamReader(blobs.Open("run/a").Content);
                Assert.Equal("mine", await reader.ReadToEndAsync(Cancel));
            }
            catch (SlipwayException refused)
            {
                Assert.Equal(ErrorKind.Invalid, refused.Kind);
            }
        }

        await stop.CancelAsync();
        await swapping;
    }

    [Fact]
    public async Task The_folder_itself_may_be_kept_behind_a_link()
    {
        Directory.CreateDirectory(folder.Combine("disk"));
        Directory.CreateSymbolicLink(folder.Combine("mounted"), folder.Combine("disk"));
        var linked = new BlobStore(folder.Combine("mounted", "blobs"));
        await linked.PutAsync("a", new MemoryStream("abc"u8.ToArray()), Cancel);
        using var reader = new StreamReader(linked.Open("a").Content);
        Assert.Equal("abc", await reader.ReadToEndAsync(Cancel));
    }

    [Fact]
    public async Task Old_content_is_removed_unless_it_was_put_again()
    {
        var first = await blobs.PutContentAsync(Content("first"), Cancel);
        var second = await blobs.PutContentAsync(Content("second"), Cancel);
        Age(first.Key);
        Age(second.Key);
        var found = blobs.ContentBefore(LongAgo.AddDays(1)).Select(blob => blob.Path).Order().ToList();
        Assert.Equal(new[] { first.Key, second.Key }.Order(), found);

        await blobs.PutContentAsync(Content("first"), Cancel);

        Assert.False(blobs.DeleteIfBefore(first.Key, LongAgo.AddDays(1)));
        Assert.True(blobs.DeleteIfBefore(second.Key, LongAgo.AddDays(1)));
        Assert.Equal([first.Key], blobs.List(""));
    }

    [Fact]
    public async Task What_writers_left_is_measured_and_removed_once_it_is_old()
    {
        var upload = blobs.Uploads.Begin("run/big");
        await blobs.Uploads.PutPartAsync(upload, 1, Content("12345"), Cancel);
        Assert.Equal(0, blobs.UnfinishedBefore(LongAgo).Files);
        Directory.SetLastWriteTimeUtc(folder.Combine("blobs", ".incoming", upload), LongAgo.UtcDateTime);

        // The part, and the file that holds the seven bytes of the key.
        Assert.Equal(new BlobSum(1, 5 + 7), blobs.UnfinishedBefore(LongAgo.AddDays(1)));
        blobs.RemoveUnfinished(LongAgo.AddDays(1));
        Assert.Equal(ErrorKind.NotFound, Assert.Throws<SlipwayException>(() => blobs.Uploads.KeyOf(upload)).Kind);
    }

    [Fact]
    public async Task A_long_blob_is_stored_and_hashed_as_it_came()
    {
        var bytes = new byte[3_000_001];
        new Random(1).NextBytes(bytes);
        var info = await blobs.PutAsync("long", new Trickle(bytes), Cancel);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), info.Sha256);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(blobs.LocalPath("long"), Cancel));
    }

    private static MemoryStream Content(string text) => new(Encoding.UTF8.GetBytes(text));

    private static string Refused(Func<object> work)
    {
        var error = Assert.Throws<SlipwayException>(() => { work(); });
        Assert.Equal(ErrorKind.Invalid, error.Kind);
        return error.Message;
    }

    private Task<BlobInfo> PutAsync(string key, string text) => blobs.PutAsync(key, Content(text), Cancel);

    private void Age(string key) => File.SetLastWriteTimeUtc(blobs.LocalPath(key), LongAgo.UtcDateTime);

    /// <summary>Gives an odd number of bytes at a time, as a network does.</summary>
    private sealed class Trickle(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, 1777)], cancellationToken);
    }
}
