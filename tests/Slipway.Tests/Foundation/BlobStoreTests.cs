using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Blobs;
using Slipway.TestKit;

namespace Slipway.Tests.Foundation;

public sealed class BlobStoreTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly BlobStore blobs;

    public BlobStoreTests() => blobs = new BlobStore(folder.Combine("blobs"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    private static MemoryStream Content(string text) => new(Encoding.UTF8.GetBytes(text));

    private string Read(string key)
    {
        using var reader = new StreamReader(blobs.OpenRead(key));
        return reader.ReadToEnd();
    }

    [Fact]
    public async Task A_blob_comes_back_with_its_size_and_hash()
    {
        var info = await blobs.PutAsync("runs/1/model.txt", Content("abc"), Cancel);

        // SHA-256 of "abc", FIPS 180-2 appendix B.1.
        Assert.Equal(new BlobInfo("runs/1/model.txt", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), info);
        Assert.Equal("abc", Read("runs/1/model.txt"));
    }

    [Fact]
    public async Task What_is_acknowledged_has_its_name_on_the_disk_and_so_have_the_folders_above_it()
    {
        var (root, flushed) = (folder.Combine("flushed"), new List<string>());
        var store = new BlobStore(root, path => flushed.Add($"{Path.GetRelativePath(root, path)} {File.Exists(Path.Combine(root, "runs", "1", "a"))}"));
        await store.PutAsync("runs/1/a", Content("abc"), Cancel);
        Assert.Equal([". False", "runs False", "runs/1 True"], flushed);

        flushed.Clear();
        await store.PutAsync("runs/1/a", Content("abcd"), Cancel);
        Assert.Equal(["runs/1 True"], flushed);
    }

    [Fact]
    public async Task A_disk_that_does_not_take_the_name_is_an_error_that_says_so()
    {
        var store = new BlobStore(folder.Combine("failing"), _ => throw new IOException("No space left on device", 28));
        var failure = await Assert.ThrowsAsync<SlipwayException>(() => store.PutAsync("a/b", Content("abc"), Cancel));
        Assert.Equal(ErrorKind.Unavailable, failure.Kind);
    }

    [Fact]
    public void A_folder_is_flushed_by_the_system_and_one_that_is_gone_is_passed_over()
    {
        FolderFlush.Flush(folder.Combine("blobs"));
        FolderFlush.Flush(folder.Combine("gone"));
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is Linux's.");
        Assert.DoesNotContain(
            Directory.EnumerateFileSystemEntries("/proc/self/fd"), fd => new FileInfo(fd).LinkTarget == folder.Combine("blobs"));
    }

    [Fact]
    public async Task Equal_content_is_kept_once()
    {
        var first = await blobs.PutContentAsync(Content("abc"), Cancel);
        var second = await blobs.PutContentAsync(Content("abc"), Cancel);
        Assert.Equal(first, second);
        Assert.Single(blobs.List(""));
    }

    [Fact]
    public async Task A_write_that_breaks_off_leaves_the_old_blob_and_no_rest()
    {
        await blobs.PutAsync("a", Content("old"), Cancel);
        await Assert.ThrowsAsync<InvalidOperationException>(() => blobs.PutAsync("a", new BreakingStream(), Cancel));
        Assert.Equal("old", Read("a"));
        Assert.Equal(["a"], blobs.List(""));
        Assert.Single(Directory.GetFiles(folder.FullPath, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("../outside")]
    [InlineData("a/../../outside")]
    [InlineData("a/./b")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("..\\outside")]
    [InlineData("C:\\outside")]
    [InlineData("c:outside")]
    [InlineData("a\0b")]
    [InlineData(".incoming/x")]
    [InlineData("a/.incoming/x")]
    [InlineData("a/c:stream")]
    [InlineData("//host/share")]
    [InlineData("\\\\host\\share")]
    [InlineData("line\nbreak")]
    [InlineData("\u0085")]
    public async Task A_key_that_could_leave_the_folder_is_refused(string key)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => blobs.PutAsync(key, Content("x"), Cancel));
        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Throws<SlipwayException>(() => blobs.OpenRead(key));
        Assert.Throws<SlipwayException>(() => blobs.Delete(key));
        Assert.Empty(blobs.List(""));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_no_name() =>
        Assert.Equal("has half a surrogate pair", BlobKey.Flaw("run/half" + '\ud800'));

    [Fact]
    public void A_symbolic_link_is_not_followed()
    {
        File.WriteAllText(folder.Combine("secret"), "secret");
        Directory.CreateSymbolicLink(folder.Combine("blobs", "link"), folder.FullPath);
        var error = Assert.Throws<SlipwayException>(() => blobs.OpenRead("link/secret"));
        Assert.Contains("symbolic link", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_absent_blob_is_not_found()
    {
        Assert.Equal(ErrorKind.NotFound, Assert.Throws<SlipwayException>(() => blobs.OpenRead("nothing")).Kind);
        Assert.False(blobs.Delete("nothing"));
    }

    private sealed class BreakingStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new InvalidOperationException("the sender went away");
    }
}
