using System.Text;
using Slipway.Client.Http;
using Slipway.Core.Errors;

namespace Slipway.Client;

/// <summary>The registry. A <c>version</c> is a semantic version, a number, an alias or a stage.</summary>
public sealed class ModelClient
{
    private readonly Transport transport;

    internal ModelClient(Transport transport) => this.transport = transport;

    /// <summary>By name, one page at a time.</summary>
    public IAsyncEnumerable<RegisteredModel> ListAsync(CancellationToken cancel = default) =>
        transport.ListAsync("api/v1/models?limit=200", ClientJson.Default.PageRegisteredModel, cancel);

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

    private static string Of(string model) => $"api/v1/models/{Paging.Segment(model)}";

    private static string Of(string model, string version) => $"{Of(model)}/versions/{Paging.Segment(version)}";
}
