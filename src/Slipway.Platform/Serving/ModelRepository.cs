using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Serving;

/// <summary>A version that an endpoint has in this process, or an endpoint that has none.</summary>
/// <param name="Version">Null, as its role, where the endpoint has no version to answer with.</param>
/// <param name="Reason">Why it has none; empty when it has.</param>
public sealed record ServedVersion(string Endpoint, string? Version, VariantRole? Role, string Reason)
{
    public bool IsReady => Version is not null;
}

/// <summary>
/// What is in the memory of this process, as model servers show and change it. Other servers on the same database keep what they
/// have: an endpoint goes away everywhere by a deployment, not by unloading.
/// </summary>
public sealed class ModelRepository
{
    private readonly Db db;
    private readonly AccessService access;
    private readonly AuditLog audit;
    private readonly EndpointHost host;
    private readonly LocalModels local;

    internal ModelRepository(Db db, AccessService access, AuditLog audit, EndpointHost host, LocalModels local) =>
        (this.db, this.access, this.audit, this.host, this.local) = (db, access, audit, host, local);

    /// <summary>What the actor may ask for predictions, by name; the champion of an endpoint first.</summary>
    public IReadOnlyList<ServedVersion> List(Actor actor)
    {
        var served = host.Names.SelectMany(name => VersionsOf(name, actor));
        var seesAll = actor.MayPredict(project: null, model: null);
        var others = seesAll
            ? host.Failed.Select(failed => new ServedVersion(failed.Key, null, null, failed.Value))
                .Concat(host.Unloaded.Select(endpoint => new ServedVersion(endpoint.Name, null, null, "unloaded")))
            : [];
        return [.. served.Concat(others).DistinctBy(entry => (entry.Endpoint, entry.Version)).OrderBy(entry => entry.Endpoint, StringComparer.Ordinal)];
    }

    /// <summary>Those of one endpoint; the caller has asked whether the actor may see them.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/>, or Unavailable for one that cannot be loaded.</exception>
    public IReadOnlyList<ServedVersion> VersionsOf(string endpoint) => host.Read(endpoint, Versions);

    /// <summary>Brings an endpoint into this process that was unloaded, or could not be loaded; nothing happens when it is there.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> for a name nobody deployed;
    /// <see cref="ErrorKind.FailedPrecondition"/> when its models cannot be loaded; Forbidden below a contributor.</exception>
    public async Task LoadAsync(string endpoint, Actor actor, CancellationToken cancel)
    {
        access.Require(actor, Role.Contributor, $"endpoint/{endpoint}");
        if (!await local.ReloadAsync(endpoint, cancel))
        {
            await host.LoadAsync(endpoint, cancel);
        }

        await NoteAsync("endpoint.load", endpoint, actor, cancel);
    }

    /// <summary>Frees the endpoint's models in this process when the requests inside them have ended; until it is loaded, changed or
    /// the process starts anew, callers hear that it has no available versions.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> unless it is loaded; Forbidden below a contributor.</exception>
    public async Task UnloadAsync(string endpoint, Actor actor, CancellationToken cancel)
    {
        access.Require(actor, Role.Contributor, $"endpoint/{endpoint}");
        await host.UnloadAsync(endpoint, cancel);
        await NoteAsync("endpoint.unload", endpoint, actor, cancel);
    }

    private IEnumerable<ServedVersion> VersionsOf(string name, Actor actor)
    {
        try
        {
            return host.Read(
                name, snapshot => actor.MayPredict(snapshot.Champion.Project, snapshot.Endpoint.Model) ? Versions(snapshot) : []);
        }
        catch (SlipwayException)
        {
            // It went away between the list and this.
            return [];
        }
    }

    private static List<ServedVersion> Versions(EndpointSnapshot snapshot) =>
    [
        .. snapshot.Endpoint.Variants.OrderBy(variant => variant.Role)
            .Select(variant => new ServedVersion(snapshot.Endpoint.Name, variant.Version, variant.Role, "")),
    ];

    private Task NoteAsync(string action, string endpoint, Actor actor, CancellationToken cancel) => db.WriteAsync(
        session => audit.AppendAsync(session, actor, action, $"endpoint/{endpoint}", new { Process = Environment.MachineName }, cancel), cancel);
}
