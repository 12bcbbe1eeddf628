using System.Text;
using Slipway.Client.Http;
using Slipway.Core.Errors;

namespace Slipway.Client;

/// <summary>The registry. A <c>version</c> is a semantic version, a number, an alias or a stage.</summary>
public sealed class ModelClient
{
    private readonly Transport transport;

    internal ModelClient(Transport transport) => this.transport = transport;

    /// <summary>One page at a time.</summary>
    /// <param name="filter">Such as <c>owner = 'ops' AND tags.team = 'ml'</c>; all models when absent.</param>
    public IAsyncEnumerable<RegisteredModel> ListAsync(string? filter = null, CancellationToken cancel = default) => transport.ListAsync(
        Paging.With("api/v1/models?limit=200", "filter", filter), ClientJson.Default.PageRegisteredModel, cancel);

    /// <summary>Versions of any model, one page at a time.</summary>
    /// <param name="filter">Such as <c>metrics.auc > 0.8 AND stage = 'staging'</c>.</param>
    public IAsyncEnumerable<ModelVersion> SearchVersionsAsync(
        string filter, IReadOnlyList<string>? orderBy = null, CancellationToken cancel = default) => transport.ListAsync(
        (orderBy ?? []).Aggregate(
            Paging.With("api/v1/model-versions?limit=200", "filter", filter), (path, order) => Paging.With(path, "orderBy", order)),
        ClientJson.Default.PageModelVersion, cancel);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Task<RegisteredModel> GetAsync(string model, CancellationToken cancel = default) =>
        transport.GetAsync(Of(model), ClientJson.Default.RegisteredModel, cancel);

    /// <returns>The new model, or the one of this name as it is.</returns>
    public Task<RegisteredModel> RegisterAsync(NewModel model, CancellationToken cancel = default) => transport.CallAsync(
        Call.Of(HttpMethod.Post, "api/v1/models", model, ClientJson.Default.NewModel, mayRepeat: true),
        ClientJson.Default.RegisteredModel, cancel);

    /// <summary>Highest number first, one page at a time.</summary>
    public IAsyncEnumerable<ModelVersion> VersionsAsync(string model, CancellationToken cancel = default) =>
        transport.ListAsync(Of(model) + "/versions?limit=200", ClientJson.Default.PageModelVersion, cancel);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Task<ModelVersion> GetVersionAsync(string model, string version, CancellationToken cancel = default) =>
        transport.GetAsync(Of(model, version), ClientJson.Default.ModelVersion, cancel);

    /// <summary>Without a request key of the caller's it has one of its own, so a lost answer does not make a second version.</summary>
    public Task<ModelVersion> CreateVersionAsync(string model, NewVersion version, CancellationToken cancel = default)
    {
        var keyed = version.RequestKey is null ? version with { RequestKey = Guid.CreateVersion7().ToString("N") } : version;
        return transport.CallAsync(
            Call.Of(HttpMethod.Post, Of(model) + "/versions", keyed, ClientJson.Default.NewVersion, mayRepeat: true),
            ClientJson.Default.ModelVersion, cancel);
    }

    /// <summary>Moves a version to a stage; moving it where it is changes nothing.</summary>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.FailedPrecondition"/> for a way that is not allowed or an approval that is missing.
    /// </exception>
    public Task<ModelVersion> TransitionAsync(
        string model, string version, Stage stage, string? reason = null, string? approvalId = null, CancellationToken cancel = default) =>
        transport.CallAsync(
            Call.Of(
                HttpMethod.Post, Of(model, version) + "/transitions", new TransitionBody(stage, approvalId, reason),
                ClientJson.Default.TransitionBody, mayRepeat: true),
            ClientJson.Default.ModelVersion, cancel);

    /// <summary>The moves of a version, oldest first.</summary>
    public async Task<IReadOnlyList<StageTransition>> TransitionsAsync(string model, string version, CancellationToken cancel = default) =>
        await transport.GetAsync(Of(model, version) + "/transitions", ClientJson.Default.ListStageTransition, cancel);

    /// <summary>Gives the alias to the version, taking it from the one that has it.</summary>
    public Task SetAliasAsync(string model, string alias, string version, CancellationToken cancel = default) => transport.CallAsync(
        Call.Of(HttpMethod.Put, $"{Of(model)}/aliases/{Paging.Segment(alias)}", new AliasBody(version), ClientJson.Default.AliasBody, mayRepeat: true),
        cancel);

    public Task DeleteAliasAsync(string model, string alias, CancellationToken cancel = default) =>
        transport.CallAsync(new Call(HttpMethod.Delete, $"{Of(model)}/aliases/{Paging.Segment(alias)}"), cancel);

    public Task<ModelCard> GetCardAsync(string model, string version, CancellationToken cancel = default) =>
        transport.GetAsync(Of(model, version) + "/card", ClientJson.Default.ModelCard, cancel);

    public Task PutCardAsync(string model, string version, string markdown, CancellationToken cancel = default) => transport.CallAsync(
        new Call(HttpMethod.Put, Of(model, version) + "/card") { Content = () => new StringContent(markdown, Encoding.UTF8, "text/markdown") },
        cancel);

    /// <summary>Writes the version's model file, which appears whole or not at all.</summary>
    public async Task DownloadAsync(
        string model, string version, string file, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
    {
        using var response = await transport.SendAsync(new Call(HttpMethod.Get, Of(model, version) + "/file") { IsLong = true }, cancel);
        await Receiving.ToFileAsync(response, $"{model}/{version}", file, progress, cancel);
    }

    /// <summary>Makes a version of an ONNX file, or of an MLflow model folder as a zip file.</summary>
    public Task<ModelVersion> ImportFileAsync(
        string model, string file, string? version = null, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
    {
        var type = Path.GetExtension(file).Equals(".zip", StringComparison.OrdinalIgnoreCase) ? "application/zip" : "application/octet-stream";
        var path = Paging.With(Paging.With(Of(model) + "/versions/import", "version", version), "requestKey", Guid.CreateVersion7().ToString("N"));
        return transport.CallAsync(
            new Call(HttpMethod.Post, path)
            {
                Content = () => new Sending(File.OpenRead(file), Path.GetFileName(file), progress) { Headers = { ContentType = new(type) } },
                MayRepeat = true,
                IsLong = true,
            },
            ClientJson.Default.ModelVersion, cancel);
    }

    /// <summary>Makes a version of a model that the server has already.</summary>
    /// <param name="source">Such as <c>runs:/ID/model</c> or <c>models:/m-ID</c>.</param>
    public Task<ModelVersion> ImportSourceAsync(string model, string source, string? version = null, CancellationToken cancel = default) =>
        transport.CallAsync(
            Call.Of(
                HttpMethod.Post, Of(model) + "/versions/import", new ImportBody(model, source, version, Guid.CreateVersion7().ToString("N")),
                ClientJson.Default.ImportBody, mayRepeat: true),
            ClientJson.Default.ModelVersion, cancel);

    /// <summary>Has the server check the signature of a version's package and every file in it.</summary>
    public Task<PackageVerdict> VerifyAsync(string model, string version, CancellationToken cancel = default) => transport.CallAsync(
        new Call(HttpMethod.Get, Of(model, version) + "/package/verify") { IsLong = true }, ClientJson.Default.PackageVerdict, cancel);

    private static string Of(string model) => $"api/v1/models/{Paging.Segment(model)}";

    private static string Of(string model, string version) => $"{Of(model)}/versions/{Paging.Segment(version)}";
}
