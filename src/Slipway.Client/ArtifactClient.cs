using System.Security.Cryptography;
using Slipway.Client.Http;
using Slipway.Core.Errors;
using Slipway.Core.Streams;

namespace Slipway.Client;

/// <summary>The files of runs. Both ways are streamed: a file of any size takes a fixed amount of memory.</summary>
public sealed class ArtifactClient
{
    private readonly Transport transport;

    internal ArtifactClient(Transport transport) => this.transport = transport;

    /// <summary>Every file below a folder of the run, sorted by path.</summary>
    /// <param name="folder">Null for all.</param>
    public async Task<IReadOnlyList<Artifact>> ListAsync(string runId, string? folder = null, CancellationToken cancel = default) =>
        await transport.ListAsync(
            Paging.With($"api/v1/runs/{Paging.Segment(runId)}/artifacts?recursive=true&limit=1000", "folder", folder),
            ClientJson.Default.PageArtifact, cancel).ToListAsync(cancel);

    /// <summary>Sends a file, and again when the way there breaks: the server keeps it whole or not at all.</summary>
    /// <param name="path">Within the run, such as <c>model/model.onnx</c>.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/> when the server stored other bytes than were read here.</exception>
    public async Task<StoredArtifact> UploadFileAsync(
        string runId, string path, string file, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
    {
        Sending? last = null;
        var stored = await transport.CallAsync(
            Put(runId, path, () => last = new Sending(File.OpenRead(file), path, progress), mayRepeat: true),
            ClientJson.Default.StoredArtifact, cancel);
        return last!.Sha256 == stored.Sha256 ? stored : throw SlipwayException.Conflict(
            $"The server stored '{path}' with SHA-256 {stored.Sha256}; sent was {last.Sha256}.");
    }

    /// <summary>Sends what a stream holds from where it stands, once: it cannot be read again.</summary>
    public Task<StoredArtifact> UploadAsync(
        string runId, string path, Stream content, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default) =>
        transport.CallAsync(Put(runId, path, () => new Sending(content, path, progress), mayRepeat: false), ClientJson.Default.StoredArtifact, cancel);

    public Task<StoredArtifact> UploadTextAsync(string runId, string path, string text, CancellationToken cancel = default) =>
        transport.CallAsync(
            new Call(HttpMethod.Put, Address(runId, path)) { Content = () => new StringContent(text) }, ClientJson.Default.StoredArtifact, cancel);

    /// <summary>The content as it arrives. The caller disposes it.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task<Stream> OpenAsync(string runId, string path, CancellationToken cancel = default)
    {
        var response = await transport.SendAsync(new Call(HttpMethod.Get, Address(runId, path)) { IsLong = true }, cancel);
        return new ForwardStream(await response.Content.ReadAsStreamAsync(cancel), owner: response);
    }

    /// <summary>Writes the content to a file, which appears whole or not at all; its folders are made.</summary>
    public async Task DownloadFileAsync(
        string runId, string path, string file, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
    {
        using var response = await transport.SendAsync(new Call(HttpMethod.Get, Address(runId, path)) { IsLong = true }, cancel);
        await Receiving.ToFileAsync(response, path, file, progress, cancel);
    }

    public async Task<string> ReadTextAsync(string runId, string path, CancellationToken cancel = default)
    {
        await using var content = await OpenAsync(runId, path, cancel);
        using var reader = new StreamReader(content);
        return await reader.ReadToEndAsync(cancel);
    }

    /// <summary>The digest that a dataset input of this file has: the first 36 hex digits of its SHA-256.</summary>
    public static async Task<string> DigestAsync(string file, CancellationToken cancel = default)
    {
        await using var content = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancel))[..36];
    }

    private static Call Put(string runId, string path, Func<HttpContent> content, bool mayRepeat) =>
        new(HttpMethod.Put, Address(runId, path)) { Content = content, MayRepeat = mayRepeat, IsLong = true };

    private static string Address(string runId, string path) => $"api/v1/runs/{Paging.Segment(runId)}/artifacts/{Paging.Segments(path)}";
}
