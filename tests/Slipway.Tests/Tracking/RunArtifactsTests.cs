using System.Security.Cryptography;
using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Tracking;

namespace Slipway.Tests.Tracking;

public sealed class RunArtifactsTests() : OnBothEngines(null)
{
    private static readonly Actor Ada = new("ada", Role.Contributor);

    private RunArtifacts artifacts = null!;
    private string run = "";

    protected override async Task PrepareAsync()
    {
        var tracking = new TrackingService(Db, new AccessService(), Time);
        artifacts = new RunArtifacts(Db, new BlobStore(Folder.Combine("blobs")), new AccessService());
        var experiment = await TrackingKit.Experiments(Db, Time).CreateAsync(Ada, new NewExperiment("flights"), Cancel);
        run = (await tracking.StartRunAsync(Ada, new RunStart(experiment.Id), Cancel)).Id;
    }

    private ArtifactOwner Owner => ArtifactOwner.Run(run);

    private Task<BlobInfo> PutAsync(string path, string text) =>
        artifacts.PutAsync(Ada, run, path, new MemoryStream(Encoding.UTF8.GetBytes(text)), Cancel);

    private async Task<IReadOnlyList<ArtifactInfo>> AllAsync(string? folder = null) =>
        (await artifacts.ListAsync(Ada, Owner, new ArtifactQuery(folder, Recursive: true), Cancel)).Items;

    private async Task<string> ReadAsync(string path)
    {
        using var reader = new StreamReader((await artifacts.OpenAsync(Ada, Owner, path, Cancel)).Content);
        return await reader.ReadToEndAsync(Cancel);
    }

    [Fact]
    public async Task A_file_is_put_listed_and_read()
    {
        var put = await PutAsync("model/model.onnx", "bytes");
        await PutAsync("plots/roc.svg", "<svg/>");
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("bytes"u8)), put.Sha256);
        Assert.Equal([new ArtifactInfo("model/model.onnx", 5), new ArtifactInfo("plots/roc.svg", 6)], await AllAsync());
        Assert.Equal([new ArtifactInfo("plots/roc.svg", 6)], await AllAsync("plots"));
        Assert.Equal("bytes", await ReadAsync("model/model.onnx"));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("/etc/passwd")]
    [InlineData("..\\x")]
    [InlineData("C:/x")]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData("%2e%2e/x")]
    [InlineData("%252e%252e%252fx")]
    [InlineData("a/..;v=1/x")]
    [InlineData("a/..%3bv/x")]
    [InlineData("a/.. /x")]
    [InlineData("a%5c..%5cx")]
    [InlineData("%2fetc%2fpasswd")]
    public async Task No_path_leaves_the_run(string path)
    {
        await PutAsync("kept", "kept");
        var put = await Assert.ThrowsAsync<SlipwayException>(() => PutAsync(path, "evil"));
        Assert.Equal(ErrorKind.Invalid, put.Kind);
        await Assert.ThrowsAsync<SlipwayException>(() => artifacts.OpenAsync(Ada, Owner, path, Cancel));
        Assert.Equal([new ArtifactInfo("kept", 4)], await AllAsync());
    }

    [Fact]
    public async Task A_run_that_is_none_has_no_files()
    {
        foreach (var id in new[] { "gone", "..", $"../{run}", $"{run}/.." })
        {
            var error = await Assert.ThrowsAsync<SlipwayException>(() => artifacts.ListAsync(Ada, ArtifactOwner.Run(id), new ArtifactQuery(), Cancel));
            Assert.Equal(ErrorKind.NotFound, error.Kind);
        }

        var missing = await Assert.ThrowsAsync<SlipwayException>(() => artifacts.OpenAsync(Ada, Owner, "none", Cancel));
        Assert.Equal((ErrorKind.NotFound, $"Run {run} has no artifact 'none'."), (missing.Kind, missing.Message));
    }

    [Fact]
    public async Task An_upload_that_breaks_off_leaves_the_file_as_it_was()
    {
        await PutAsync("model.onnx", "whole");
        await Assert.ThrowsAnyAsync<Exception>(() => artifacts.PutAsync(Ada, run, "model.onnx", new BreaksOff(), Cancel));
        Assert.Equal("whole", await ReadAsync("model.onnx"));
    }

    private sealed class BreaksOff : MemoryStream
    {
        private bool started;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (started)
            {
                throw new IOException("connection reset");
            }

            started = true;
            buffer.Span[0] = 1;
            return ValueTask.FromResult(1);
        }
    }
}
