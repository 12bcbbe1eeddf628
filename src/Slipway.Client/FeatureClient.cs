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

    /// <summary>What an apply of the files would change.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> with every problem, each with its file, line and column; Forbidden.</exception>
    public Task<List<DefinitionChange>> PlanAsync(IReadOnlyList<DefinitionFile> files, CancellationToken cancel = default) => transport.CallAsync(
        Call.Of(HttpMethod.Post, "api/v1/features/plan", new DefinitionFilesBody(files), ClientJson.Default.DefinitionFilesBody, mayRepeat: true),
        ClientJson.Default.ListDefinitionChange, cancel);

    /// <summary>Puts the definitions in force. What is stored and not among the files stays as it is.</summary>
    /// <inheritdoc cref="PlanAsync"/>
    public Task<List<DefinitionChange>> ApplyAsync(IReadOnlyList<DefinitionFile> files, CancellationToken cancel = default) => transport.CallAsync(
        Call.Of(HttpMethod.Post, "api/v1/features/apply", new DefinitionFilesBody(files), ClientJson.Default.DefinitionFilesBody, mayRepeat: true),
        ClientJson.Default.ListDefinitionChange, cancel);

    /// <summary>The features of a service as they are now.</summary>
    /// <param name="service">A name, or a version as <c>flight_delay@3</c>.</param>
    /// <param name="entities">Per join key and request value an array: one row for each place in them.</param>
    /// <param name="fullNames">Whether columns are named after their views as well (<c>origin__temperature</c>), whatever the service says.</param>
    /// <exception cref="SlipwayException">NotFound; Forbidden; Invalid naming the column; Unavailable.</exception>
    public Task<OnlineFeatures> GetOnlineAsync(
        string service, JsonElement entities, bool fullNames = false, CancellationToken cancel = default) => transport.CallAsync(
        Call.Of(
            HttpMethod.Post, "api/v1/features/online", new OnlineBody(service, entities, fullNames), ClientJson.Default.OnlineBody, mayRepeat: true),
        ClientJson.Default.OnlineFeatures, cancel);

    /// <summary>The features of a service as they were known at the time of each row: a point-in-time join, on the server.</summary>
    /// <param name="service">A name, or a version as <c>flight_delay@3</c>.</param>
    /// <param name="entities">Per column an array: <c>event_timestamp</c>, join keys and request data; at most 100,000 rows.</param>
    /// <exception cref="SlipwayException">NotFound; Forbidden; Invalid naming the column; TooLarge.</exception>
    public Task<TrainingSet> BuildTrainingSetAsync(string service, JsonElement entities, CancellationToken cancel = default) => transport.CallAsync(
        Call.Of(HttpMethod.Post, "api/v1/features/training-set", new OnlineBody(service, entities), ClientJson.Default.OnlineBody, mayRepeat: true),
        ClientJson.Default.TrainingSet, cancel);

    /// <summary>Pushes rows to a source; without <see cref="NewRows.NoWait"/> a read sees them when this returns.</summary>
    /// <exception cref="SlipwayException">NotFound for the source; Forbidden; Invalid naming the row; Timeout when they are stored and not online yet.</exception>
    public Task<PushedRows> PushAsync(NewRows rows, CancellationToken cancel = default) => transport.CallAsync(
        Call.Of(
            HttpMethod.Post, "api/v1/features/push", new PushBody(rows.Source, rows.Rows, rows.Ids, rows.To, rows.Watermark, !rows.NoWait),
            ClientJson.Default.PushBody, mayRepeat: rows.Ids is not null),
        ClientJson.Default.PushedRows, cancel);

    /// <summary>A definition with its versions and who uses it.</summary>
    /// <exception cref="SlipwayException">NotFound; Forbidden.</exception>
    public Task<DefinitionDetail> GetDefinitionAsync(DefinitionKind kind, string name, CancellationToken cancel = default) =>
        transport.GetAsync(Definition(kind, name), ClientJson.Default.DefinitionDetail, cancel);

    /// <summary>Views, services, model versions and endpoints that use a definition, or one feature of a view.</summary>
    /// <inheritdoc cref="GetDefinitionAsync"/>
    public Task<FeatureConsumers> GetConsumersAsync(DefinitionKind kind, string name, string? feature = null, CancellationToken cancel = default) =>
        transport.GetAsync(Paging.With($"{Definition(kind, name)}/consumers", "feature", feature), ClientJson.Default.FeatureConsumers, cancel);

    /// <summary>The latest definitions that the query finds, by kind and name.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a type that there is not.</exception>
    public Task<List<FoundDefinition>> SearchAsync(DefinitionQuery query, CancellationToken cancel = default)
    {
        var address = "api/v1/features/search";
        foreach (var (name, value) in new[]
        {
            ("kind", query.Kind?.ToString().ToLowerInvariant()), ("text", query.Text), ("tag", query.Tag), ("owner", query.Owner), ("entity", query.Entity),
            ("type", query.Type),
        })
        {
            address = Paging.With(address, name, value);
        }

        return transport.GetAsync(address, ClientJson.Default.ListFoundDefinition, cancel);
    }

    /// <summary>Features that no model version uses which may still come into production, that no endpoint holds, and that nobody has read online for 30 days.</summary>
    public Task<List<UnusedFeature>> GetUnusedAsync(CancellationToken cancel = default) =>
        transport.GetAsync("api/v1/features/unused", ClientJson.Default.ListUnusedFeature, cancel);

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

    private static string Definition(DefinitionKind kind, string name) =>
        $"api/v1/features/{(kind == DefinitionKind.Entity ? "entities" : kind == DefinitionKind.View ? "views" : "services")}/{Paging.Segment(name)}";

    private static string Schedule(string name) => $"{Materialize}/schedules/{Paging.Segment(name)}";
}
