using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Serving.Rollouts;

namespace Slipway.Platform.Serving;

/// <summary>
/// Endpoints: which versions of a model answer under a name, and the predictions they give. Every change is a revision with its
/// actor and reason, in the database first and then in every server within a second.
/// </summary>
public sealed class ServingService
{
    private const int MaxReasonLength = 5000;

    private readonly Db db;
    private readonly AccessService access;
    private readonly AuditLog audit;
    private readonly TimeProvider time;
    private readonly EndpointStore store;
    private readonly EndpointHost host;
    private readonly ModelCache models;
    private readonly ModelSource source;
    private readonly Predictor predictor;
    private readonly TensorPredictor tensors;

    internal ServingService(
        Db db, AccessService access, AuditLog audit, TimeProvider time, EndpointStore store, EndpointHost host, ModelCache models,
        ModelSource source, Predictor predictor, TensorPredictor tensors)
    {
        this.db = db;
        this.access = access;
        this.audit = audit;
        this.time = time;
        this.store = store;
        this.host = host;
        this.models = models;
        this.source = source;
        this.predictor = predictor;
        this.tensors = tensors;
    }

    /// <summary>
    /// Makes the version answer for the endpoint, which is created when it does not exist: the version is verified, loaded and
    /// warmed first, then takes all traffic at once; requests that run finish on what they began with.
    /// </summary>
    /// <param name="version">A semantic version, an alias or a stage of the model; it is resolved now, for good.</param>
    /// <param name="options">Those of the endpoint before, or the defaults, when null.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when the version cannot be served or a canary
    /// moves the endpoint's traffic; <see cref="ErrorKind.Conflict"/> when it was changed at this moment; NotFound for a version
    /// that there is not, or that was deleted at this moment.</exception>
    public async Task<Endpoint> DeployAsync(
        string endpoint, string model, string version, Actor actor, string reason, CancellationToken cancel, EndpointOptions? options = null)
    {
        Require(actor, endpoint, reason);
        var registered = await source.ResolveAsync(model, version, cancel);
        if (registered.FeatureService is { } service && !predictor.HasLookup)
        {
            throw Refused(
                $"Version {registered.Version} of model '{model}' takes its features from service '{service}'; "
                + "this server has no online feature store.");
        }

        var loaded = await models.EnterAsync(model, registered.Version, cancel);
        try
        {
            loaded.RequireScorer();
            var variants = (Variant[])[new Variant(registered.Version, 100, VariantRole.Champion)];
            return await ChangeAsync(
                endpoint, actor, "endpoint.deploy", reason,
                before => before is { } existing
                    ? existing with
                    {
                        Model = model,
                        FeatureService = registered.FeatureService,
                        Variants = variants,
                        Options = options ?? existing.Options,
                    }
                    : new Endpoint(endpoint, model, registered.FeatureService, variants, options ?? new EndpointOptions()),
                cancel);
        }
        finally
        {
            loaded.Leave();
        }
    }

    /// <summary>Splits the traffic between versions of the endpoint's model, by hand: an A/B test, a blue-green switch.</summary>
    /// <param name="variants">One champion, weights that sum to 100; versions as they are named in the registry.</param>
    public async Task<Endpoint> SetTrafficAsync(
        string endpoint, IReadOnlyList<Variant> variants, Actor actor, string reason, CancellationToken cancel)
    {
        Require(actor, endpoint, reason);
        var current = await GetAsync(endpoint, cancel);
        var loaded = await models.EnterAllAsync((current with { Variants = variants }).Checked(), cancel);
        try
        {
            foreach (var model in loaded)
            {
                model.RequireScorer();
                (await source.ResolveAsync(current.Model, model.Version, cancel)).RequireFeaturesOf(current);
            }

            return await ChangeAsync(
                endpoint, actor, "endpoint.traffic", reason,
                before => before is { } existing && existing.Model == current.Model
                    ? existing with { Variants = variants }
                    : throw SlipwayException.Conflict($"Endpoint '{endpoint}' was changed at this moment; look at it and try again."),
                cancel);
        }
        finally
        {
            foreach (var model in loaded)
            {
                model.Leave();
            }
        }
    }

    /// <summary>
    /// Back to the versions that served before the present ones. A canary that runs is ended instead: its champion takes all
    /// traffic.
    /// </summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when there is nothing to go back to.</exception>
    public async Task<Endpoint> RollbackAsync(string endpoint, Actor actor, string reason, CancellationToken cancel)
    {
        Require(actor, endpoint, reason);
        var saved = await db.WriteAsync(
            async session =>
            {
                var before = await store.TakeAsync(session, endpoint, cancel) ?? throw Missing(endpoint);
                var former = before.Rollout is null ? await FormerAsync(session, before, cancel) : Whole(before);
                if (before.Rollout is { } rollout)
                {
                    var running = (await RolloutStore.FindAsync(session, rollout, cancel))!;
                    await RolloutStore.EndAsync(session, running with
                    {
                        State = RolloutState.RolledBack,
                        Reason = $"Ended by {actor.Name}: {reason}",
                        FinishedMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
                    }, cancel);
                }

                return await SaveAsync(session, before, former, actor, "endpoint.rollback", reason, cancel);
            },
            cancel);
        await host.SyncAsync(endpoint, cancel);
        return saved;
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task<Endpoint> GetAsync(string endpoint, CancellationToken cancel) =>
        host.Local.FirstOrDefault(local => local.Endpoint.Name == endpoint)?.Endpoint
        ?? await store.FindAsync(endpoint, cancel)
        ?? throw Missing(endpoint);

    /// <summary>By name. The first page begins with the models that this server was given as files.</summary>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<Endpoint>> ListAsync(string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of endpoints", limit, 1, 1000);
        const string query = "endpoints";
        var after = pageToken is null ? null : PageToken.Read<string>(pageToken, query);
        var page = PageToken.Cut(await store.ListAsync(after, limit + 1, cancel), limit, query, endpoint => endpoint.Name);
        return after is null ? page with { Items = [.. host.Local.Select(local => local.Endpoint), .. page.Items] } : page;
    }

    /// <summary>Every change of the endpoint, newest first.</summary>
    /// <param name="before">The last revision of the page before, or null.</param>
    /// <param name="limit">1 to 1000.</param>
    public Task<List<EndpointRevision>> HistoryAsync(string endpoint, long? before, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of revisions", limit, 1, 1000);
        return store.HistoryAsync(endpoint, before, limit, cancel);
    }

    /// <summary>Whether the actor may ask the endpoint for predictions: the scope <c>predict</c>, and a viewer's role on its model
    /// or in the model's project.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Forbidden"/>; NotFound for an unknown endpoint.</exception>
    public void RequirePredict(string endpoint, Actor actor)
    {
        if (!actor.MayPredict(project: null, model: null))
        {
            var (project, model) = host.Read(endpoint, snapshot => (snapshot.Champion.Project, snapshot.Endpoint.Model));
            access.RequirePredict(project, model, actor);
        }
    }

    /// <summary>Predicts rows: draws a version per row, looks features up where the endpoint says so, scores and logs.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the input that is missing, unknown or of a wrong
    /// type; <see cref="ErrorKind.NotFound"/> for an unknown endpoint; <see cref="ErrorKind.Unavailable"/> when its model is not
    /// loaded, cannot score a row, or too many wait.</exception>
    public Task<PredictResponse> PredictAsync(string endpoint, PredictRequest request, CancellationToken cancel) =>
        predictor.PredictAsync(endpoint, request, cancel);

    /// <summary>What the endpoint takes and gives as tensors.</summary>
    /// <param name="version">One of its versions; the champion when null.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public TensorModel Describe(string endpoint, string? version) => tensors.Describe(endpoint, version);

    /// <summary>What the versions of an endpoint did in this process since they were loaded, the champion first. Endpoints that
    /// serve the same version share it and its counts.</summary>
    /// <param name="version">One of its versions; all when null.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public IReadOnlyList<VersionStatistics> Statistics(string endpoint, string? version) => host.Statistics(endpoint, version, time);

    /// <summary>Predicts from tensors, for any model: one with a matrix of features and a probability goes the way of
    /// <see cref="PredictAsync"/>; another runs as it is and is not logged.</summary>
    /// <param name="version">One of the endpoint's versions; the traffic split decides when null.</param>
    /// <param name="outputs">Names of the outputs wanted; all when empty.</param>
    /// <param name="id">Routes and names the request; one is made when null.</param>
    public Task<TensorAnswer> InferAsync(
        string endpoint, string? version, IReadOnlyDictionary<string, Tensor> inputs, IReadOnlyList<string> outputs, string? id,
        InferOptions options, CancellationToken cancel) => tensors.InferAsync(endpoint, version, inputs, outputs, id, options, cancel);

    /// <summary>Endpoints that this server cannot answer for, and why; empty when it is ready.</summary>
    public IReadOnlyDictionary<string, string> NotReady() => host.Failed.ToDictionary();

    private async Task<Endpoint> ChangeAsync(
        string endpoint, Actor actor, string action, string reason, Func<Endpoint?, Endpoint> change, CancellationToken cancel)
    {
        if (host.IsLocal(endpoint))
        {
            throw SlipwayException.Conflict($"'{endpoint}' is served from a file that was given at start; choose another name.");
        }

        var saved = await db.WriteAsync(
            async session =>
            {
                var before = await store.TakeAsync(session, endpoint, cancel);
                return before?.Rollout is { } rollout
                    ? throw Refused($"Canary {rollout} moves the traffic of endpoint '{endpoint}'; roll it back first, or wait for its end.")
                    : await SaveAsync(session, before, change(before), actor, action, reason, cancel);
            },
            cancel);
        await host.SyncAsync(endpoint, cancel);
        return saved;
    }

    private async Task<Endpoint> SaveAsync(
        DbSession session, Endpoint? before, Endpoint next, Actor actor, string action, string reason, CancellationToken cancel)
    {
        // The endpoint's lock first, which a new endpoint has only once it is saved, then the model's: all take them in this order.
        var saved = await store.SaveAsync(session, before, next, actor.Name, reason, cancel);
        await source.HoldAsync(session, saved, cancel);
        await audit.AppendAsync(
            session, actor, action, $"endpoint/{saved.Name}", new { saved.Revision, saved.Model, saved.Variants, reason }, cancel);
        await source.LinkAsync(session, saved, actor, cancel);
        return saved;
    }

    private async Task<Endpoint> FormerAsync(DbSession session, Endpoint present, CancellationToken cancel)
    {
        for (var revision = present.Revision - 1; revision > 0; revision--)
        {
            var former = await store.RevisionAsync(session, present.Name, revision, cancel);
            if (former is { Rollout: null } && (former.Model != present.Model || !former.Variants.SequenceEqual(present.Variants)))
            {
                return former;
            }
        }

        throw Refused($"Endpoint '{present.Name}' has no former versions to go back to.");
    }

    private void Require(Actor actor, string endpoint, string reason)
    {
        Endpoint.CheckName(endpoint);
        access.Require(actor, Role.Contributor, $"endpoint/{endpoint}");
        Limit.Text("A reason", reason, MaxReasonLength);
    }

    /// <summary>The endpoint without the canary: its champion alone.</summary>
    internal static Endpoint Whole(Endpoint endpoint) => endpoint with
    {
        Variants = [endpoint.Champion with { Weight = 100 }],
        Rollout = null,
    };

    private static SlipwayException Missing(string endpoint) => SlipwayException.NotFound($"There is no endpoint '{endpoint}'.");

    private static SlipwayException Refused(string message) => new(ErrorKind.FailedPrecondition, message);
}
