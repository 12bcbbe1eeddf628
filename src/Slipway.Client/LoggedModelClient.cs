using System.Runtime.CompilerServices;
using Slipway.Client.Http;
using Slipway.Core.Errors;

namespace Slipway.Client;

/// <summary>Models that runs have logged; those that are registered are <see cref="ModelClient"/>'s.</summary>
public sealed class LoggedModelClient
{
    private const int PageSize = 200;

    private readonly Transport transport;

    internal LoggedModelClient(Transport transport) => this.transport = transport;

    /// <summary>Those that match, newest first, one page at a time.</summary>
    /// <param name="filter">Such as <c>params.depth = '3'</c>; all when absent.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the token of the filter that is wrong.</exception>
    public async IAsyncEnumerable<LoggedModel> SearchAsync(
        IReadOnlyList<long> experimentIds, string? filter = null, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        string? token = null;
        do
        {
            var page = await transport.CallAsync(
                Call.Of(
                    HttpMethod.Post, "api/v1/logged-models/search", new LoggedModelSearchBody(experimentIds, filter, token, PageSize),
                    ClientJson.Default.LoggedModelSearchBody, mayRepeat: true),
                ClientJson.Default.PageLoggedModel, cancel);
            foreach (var model in page.Items)
            {
                yield return model;
            }

            token = page.NextPageToken;
        }
        while (token is not null);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> also when it is deleted.</exception>
    public Task<LoggedModel> GetAsync(string id, CancellationToken cancel = default) =>
        transport.GetAsync($"api/v1/logged-models/{Paging.Segment(id)}", ClientJson.Default.LoggedModel, cancel);

    /// <summary>Hides it until it is restored or collected as garbage.</summary>
    public Task DeleteAsync(string id, CancellationToken cancel = default) =>
        transport.CallAsync(new Call(HttpMethod.Delete, $"api/v1/logged-models/{Paging.Segment(id)}"), cancel);

    public Task RestoreAsync(string id, CancellationToken cancel = default) =>
        transport.CallAsync(new Call(HttpMethod.Post, $"api/v1/logged-models/{Paging.Segment(id)}/restore") { MayRepeat = true }, cancel);
}
