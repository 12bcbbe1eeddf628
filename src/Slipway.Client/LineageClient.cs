using Slipway.Client.Http;
using Slipway.Core.Errors;

namespace Slipway.Client;

/// <summary>What came from what: dataset → feature service → run → model version → endpoint → alert.</summary>
public sealed class LineageClient
{
    private readonly Transport transport;

    internal LineageClient(Transport transport) => this.transport = transport;

    /// <param name="name">
    /// A model, <c>model/version</c>, a run's id, an endpoint, a feature service, a dataset, an alert's id; <c>kind:name</c> says
    /// which is meant where several have the name.
    /// </param>
    /// <param name="depth">How many steps away, 1 to 50.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> when nothing has this name.</exception>
    public Task<LineageGraph> TraceAsync(
        string name, LineageDirection direction = LineageDirection.Both, int depth = 20, CancellationToken cancel = default) =>
        transport.GetAsync(Query(Paging.With("api/v1/lineage", "name", name), direction, depth), ClientJson.Default.LineageGraph, cancel);

    /// <summary>The same for a node that is known exactly; one that nobody knows stands alone.</summary>
    public Task<LineageGraph> TraceAsync(
        LineageNode start, LineageDirection direction = LineageDirection.Both, int depth = 20, CancellationToken cancel = default) =>
        transport.GetAsync(
            Query(Paging.With(Paging.With("api/v1/lineage", "kind", SnakeCase.Of(start.Kind)), "id", start.Id), direction, depth),
            ClientJson.Default.LineageGraph, cancel);

    private static string Query(string path, LineageDirection direction, int depth) =>
        Paging.With(Paging.With(path, "direction", SnakeCase.Of(direction)), "depth", depth);
}
