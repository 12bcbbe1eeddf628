using System.Text.Json;
using Slipway.Client.Http;
using Slipway.Core.Errors;

namespace Slipway.Client;

/// <summary>The feature store.</summary>
public sealed class FeatureClient
{
    private const string Materialize = "api/v1/features/materialize";

    private readonly Transport transport;

    internal FeatureClient(Transport transport) => this.transport = transport;

    /// <summary>Brings views into the online store; the work goes on at the server.</summary>
    /// <exception cref="SlipwayException">NotFound for a view or the file of its source; Invalid; FailedPrecondition.</exception>
    public Task<Materialization> StartMaterializationAsync(NewMaterialization request, CancellationToken cancel = default) => transport.CallAsync(
        Call.Of(HttpMethod.Post, Materialize, request, ClientJson.Default.NewMaterialization, mayRepeat: true),
        ClientJson.Default.Materialization, cancel);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Task<Materialization> GetMaterializationAsync(string id, CancellationToken cancel = default) =>
        transport.GetAsync($"{Materialize}/{Paging.Segment(id)}", ClientJson.Default.Materialization, cancel);

    /// <summary>How far each stored view is behind the present.</summary>
    public Task<List<ViewFreshness>> GetFreshnessAsync(CancellationToken cancel = default) =>
        transport.GetAsync(Materialize, ClientJson.Default.ListViewFreshness, cancel);

    /// <summary>Lets the server materialize what is new again and again, in place of an earlier schedule of this name.</summary>
    public Task ScheduleMaterializationAsync(string name, MaterializationSchedule schedule, CancellationToken cancel = default) => transport.CallAsync(
        Call.Of(HttpMethod.Put, Schedule(name), schedule, ClientJson.Default.MaterializationSchedule, mayRepeat: true), cancel);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Task DeleteScheduleAsync(string name, CancellationToken cancel = default) =>
        transport.CallAsync(new Call(HttpMethod.Delete, Schedule(name)), cancel);

    /// <summary>Removes entities from everything that features are read from, and keeps them out.</summary>
    /// <param name="keys">Per join key of the entity an array of values: one entity for each place in them.</param>
    /// <exception cref="SlipwayException">Forbidden for one who is no administrator; NotFound for the entity; Invalid.</exception>
    public Task<Erasure> EraseAsync(string entity, JsonElement keys, CancellationToken cancel = default) => transport.CallAsync(
        Call.Of(HttpMethod.Post, "api/v1/features/erase", new ErasureBody(entity, keys), ClientJson.Default.ErasureBody, mayRepeat: true),
        ClientJson.Default.Erasure, cancel);

    /// <summary>Lets what sources still hold about entities count again.</summary>
    /// <inheritdoc cref="EraseAsync"/>
    public Task LiftErasureAsync(string entity, JsonElement keys, CancellationToken cancel = default) => transport.CallAsync(
        Call.Of(HttpMethod.Post, "api/v1/features/erase/lift", new ErasureBody(entity, keys), ClientJson.Default.ErasureBody, mayRepeat: true), cancel);

    private static string Schedule(string name) => $"{Materialize}/schedules/{Paging.Segment(name)}";
}
