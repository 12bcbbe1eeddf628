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

    private Task<BlobInfo> PutAsync(string path, string text) =>
        artifacts.PutAsync(Ada, run, path, new MemoryStream(Encoding.UTF8.GetBytes(text)), Cancel);

    [Fact]
    public async Task A_file_is_put_listed_and_read()
    {
        var put = await PutAsync("model/model.onnx", "bytes");
        await PutAsync("plots/roc.svg", "<svg/>");
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("bytes"u8)), put.Sha256);
        Assert.Equal(
            [new ArtifactInfo("model/model.onnx", 5), new ArtifactInfo("plots/roc.svg", 6)], await artifacts.ListAsync(run, null, Cancel));
        Assert.Equal([new ArtifactInfo("plots/roc.svg", 6)], await artifacts.ListAsync(run, "plots", Cancel));
        using var reader = new StreamReader(await artifacts.OpenAsync(run, "model/model.onnx", Cancel));
        Assert.Equal("bytes", await reader.ReadToEndAsync(Cancel));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("/etc/passwd")]
    [InlineData("..\\x")]
    [InlineData("C:/x")]
    [InlineData("")]
    [InlineData("a\0b")]
    public async Task No_path_leaves_the_run(string path)
    {
        await PutAsync("kept", "kept");
        var put = await Assert.ThrowsAsync<SlipwayException>(() => PutAsync(path, "evil"));
        Assert.Equal(ErrorKind.Invalid, put.Kind);
        await Assert.ThrowsAsync<SlipwayException>(() => artifacts.OpenAsync(run, path, Cancel));
        Assert.Equal([new ArtifactInfo("kept", 4)], await artifacts.ListAsync(run, null, Cancel));
    }

    [Fact]
    public async Task A_run_that_is_none_has_no_files()
    {
        foreach (var id in new[] { "gone", "..", $"../{run}", $"{run}/.." })
        {
            var error = await Assert.ThrowsAsync<SlipwayException>(() => artifacts.ListAsync(id, null, Cancel));
            Assert.Equal(ErrorKind.NotFound, error.Kind);
        }

        var missing = await Assert.ThrowsAsync<SlipwayException>(() => artifacts.OpenAsync(run, "none", Cancel));
        Assert.Equal((ErrorKind.NotFound, $"Run {run} has no artifact 'none'."), (missing.Kind, missing.Message));
    }

    [Fact]
    public async Task An_upload_that_breaks_off_leaves_the_file_as_it_was()
    {
        await PutAsync("model.onnx", "whole");
        await Assert.ThrowsAnyAsync<Exception>(() => artifacts.PutAsync(Ada, run, "model.onnx", new BreaksOff(), Cancel));
        using var reader = new StreamReader(await artifacts.OpenAsync(run, "model.onnx", Cancel));
        Assert.Equal("whole", await reader.ReadToEndAsync(Cancel));
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
