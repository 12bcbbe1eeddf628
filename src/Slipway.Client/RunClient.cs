using System.Runtime.CompilerServices;
using Slipway.Client.Http;
using Slipway.Core.Errors;

namespace Slipway.Client;

/// <summary>The calls of the REST interface, one by one; <see cref="SlipwayClient.StartRunAsync"/> gathers them for a program that trains.</summary>
public sealed class RunClient
{
    private readonly Transport transport;

    internal RunClient(Transport transport) => this.transport = transport;

    /// <summary>Without a request key of the caller's it has one of its own, so a lost answer does not make a second run.</summary>
    public Task<Run> StartAsync(RunStart start, CancellationToken cancel = default)
    {
        var keyed = start.RequestKey is null ? start with { RequestKey = Guid.CreateVersion7().ToString("N") } : start;
        return transport.CallAsync(
            Call.Of(HttpMethod.Post, "api/v1/runs", keyed, ClientJson.Default.RunStart, mayRepeat: true), ClientJson.Default.Run, cancel);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Task<RunDetail> GetAsync(string id, CancellationToken cancel = default) =>
        transport.GetAsync($"api/v1/runs/{Paging.Segment(id)}", ClientJson.Default.RunDetail, cancel);

    /// <summary>Every run that the query finds, one page at a time.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the token of the filter that is wrong.</exception>
    public async IAsyncEnumerable<RunDetail> SearchAsync(
        RunQuery query, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        string? token = null;
        do
        {
            var body = new SearchBody(query.ExperimentIds, query.Filter, query.OrderBy ?? [], query.View, token, query.PageSize);
            var page = await transport.CallAsync(
                Call.Of(HttpMethod.Post, "api/v1/runs/search", body, ClientJson.Default.SearchBody, mayRepeat: true),
                ClientJson.Default.PageRunDetail, cancel);
            foreach (var run in page.Items)
            {
                yield return run;
            }

            token = page.NextPageToken;
        }
        while (token is not null);
    }

    /// <summary>Metrics, params and tags of a run; at most <see cref="LogBatch.MaxEntities"/> at once.</summary>
    public Task LogBatchAsync(string id, LogBatch batch, CancellationToken cancel = default) => transport.CallAsync(
        Call.Of(HttpMethod.Post, $"api/v1/runs/{Paging.Segment(id)}/batch", batch, ClientJson.Default.LogBatch, mayRepeat: true), cancel);

    public Task LogInputAsync(string id, DatasetInput input, CancellationToken cancel = default) => transport.CallAsync(
        Call.Of(HttpMethod.Post, $"api/v1/runs/{Paging.Segment(id)}/inputs", input, ClientJson.Default.DatasetInput, mayRepeat: true), cancel);

    /// <summary>All points of a metric by step, time and value.</summary>
    public IAsyncEnumerable<MetricPoint> MetricHistoryAsync(string id, string key, CancellationToken cancel = default) => transport.ListAsync(
        $"api/v1/runs/{Paging.Segment(id)}/metrics/{Paging.Segments(key)}?limit=10000", ClientJson.Default.PageMetricPoint, cancel);

    /// <param name="endMs">Now, when absent.</param>
    public Task<Run> FinishAsync(string id, RunStatus status, long? endMs = null, CancellationToken cancel = default) => transport.CallAsync(
        Call.Of(HttpMethod.Post, $"api/v1/runs/{Paging.Segment(id)}/finish", new FinishBody(status, endMs), ClientJson.Default.FinishBody, mayRepeat: true),
        ClientJson.Default.Run, cancel);

    /// <summary>Hides it until it is restored or collected as garbage.</summary>
    public Task DeleteAsync(string id, CancellationToken cancel = default) =>
        transport.CallAsync(new Call(HttpMethod.Delete, $"api/v1/runs/{Paging.Segment(id)}"), cancel);

    public Task RestoreAsync(string id, CancellationToken cancel = default) =>
        transport.CallAsync(new Call(HttpMethod.Post, $"api/v1/runs/{Paging.Segment(id)}/restore") { MayRepeat = true }, cancel);
}
