using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Blobs;
using Slipway.TestKit;

namespace Slipway.Tests.Foundation;

public sealed class BlobUploadTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly BlobStore blobs;

    public BlobUploadTests() => blobs = new BlobStore(folder.Combine("blobs"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Parts_in_any_order_become_the_blob_in_the_order_of_their_numbers()
    {
        var upload = blobs.Uploads.Begin("run/abc");
        var third = await PartAsync(upload, 3, "c");
        var first = await PartAsync(upload, 1, "a");
        var second = await PartAsync(upload, 2, "b");
        Assert.False(blobs.Exists("run/abc"));

        var info = await CompleteAsync(upload, second, third, first);

        // SHA-256 of "abc", FIPS 180-2 appendix B.1.
        Assert.Equal(new BlobInfo("run/abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), info);
        Assert.Equal("abc", await File.ReadAllTextAsync(blobs.LocalPath("run/abc"), Cancel));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Combine("blobs", ".incoming")));
    }

    [Fact]
    public async Task A_part_that_is_sent_again_counts_as_it_was_named_at_the_end()
    {
        var upload = blobs.Uploads.Begin("a");
        await PartAsync(upload, 1, "first try");
        var again = await PartAsync(upload, 1, "abc");
        await CompleteAsync(upload, again);
        Assert.Equal("abc", await File.ReadAllTextAsync(blobs.LocalPath("a"), Cancel));
    }

    [Fact]
    public async Task An_upload_with_a_gap_or_a_part_of_other_content_is_refused_and_goes_on()
    {
        var upload = blobs.Uploads.Begin("a");
        var first = await PartAsync(upload, 1, "a");
        var third = await PartAsync(upload, 3, "c");

        await InvalidAsync(() => CompleteAsync(upload, first, third));
        await InvalidAsync(() => CompleteAsync(upload, first, first));
        await InvalidAsync(() => CompleteAsync(upload));
        await InvalidAsync(() => CompleteAsync(upload, first with { Sha256 = third.Sha256 }));
        await InvalidAsync(() => CompleteAsync(upload, first with { Sha256 = "../../" }));
        Assert.Empty(blobs.List(""));

        await CompleteAsync(upload, first, await PartAsync(upload, 2, "b"), third);
        Assert.Equal("abc", await File.ReadAllTextAsync(blobs.LocalPath("a"), Cancel));
    }

    [Fact]
    public async Task An_aborted_or_completed_upload_is_gone()
    {
        var aborted = blobs.Uploads.Begin("a");
        Assert.True(blobs.Uploads.Abort(aborted));
        Assert.False(blobs.Uploads.Abort(aborted));
        await MissingAsync(() => PartAsync(aborted, 1, "x"));
        var completed = blobs.Uploads.Begin("a");
        var part = await PartAsync(completed, 1, "x");
        await CompleteAsync(completed, part);
        await MissingAsync(() => CompleteAsync(completed, part));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("ABCDEF0123456789ABCDEF0123456789")]
    public async Task An_id_that_is_no_upload_reaches_no_file(string id)
    {
        await MissingAsync(() => PartAsync(id, 1, "x"));
        Assert.Equal(ErrorKind.NotFound, Assert.Throws<SlipwayException>(() => blobs.Uploads.Abort(id)).Kind);
        Assert.Equal(ErrorKind.NotFound, Assert.Throws<SlipwayException>(() => blobs.Uploads.KeyOf(id)).Kind);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(10_001)]
    public async Task Parts_are_numbered_from_1_to_10000(int number)
    {
        var upload = blobs.Uploads.Begin("a");
        await InvalidAsync(() => PartAsync(upload, number, "x"));
    }

    private static async Task InvalidAsync(Func<Task> work) =>
        Assert.Equal(ErrorKind.Invalid, (await Assert.ThrowsAsync<SlipwayException>(work)).Kind);

    private static async Task MissingAsync(Func<Task> work) =>
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<SlipwayException>(work)).Kind);

    private Task<BlobPart> PartAsync(string upload, int number, string text) =>
        blobs.Uploads.PutPartAsync(upload, number, new MemoryStream(Encoding.UTF8.GetBytes(text)), Cancel);

    private Task<BlobInfo> CompleteAsync(string upload, params BlobPart[] parts) =>
        blobs.Uploads.CompleteAsync(upload, [.. parts.Select(part => (part.Number, part.Sha256))], Cancel);
}
