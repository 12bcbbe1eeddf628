using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Slipway.Core.Errors;

namespace Slipway.Platform.Serving;

/// <summary>The endpoints that this process answers for: loads what the database says and swaps it in as one.</summary>
internal sealed partial class EndpointHost(EndpointStore store, ModelCache models, ILogger<EndpointHost> log) : IDisposable
{
    private readonly SemaphoreSlim changing = new(1, 1);
    private readonly ConcurrentDictionary<string, EndpointSnapshot> current = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Failure> failed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Resting> unloaded = new(StringComparer.Ordinal);

    public IEnumerable<EndpointSnapshot> Local => current.Values.Where(snapshot => snapshot.IsLocal);

    public IEnumerable<string> Names => current.Keys;

    /// <summary>Names of endpoints that have no model to answer with, and why.</summary>
    public IEnumerable<KeyValuePair<string, string>> Failed =>
        failed.Where(f => !current.ContainsKey(f.Key)).Select(f => KeyValuePair.Create(f.Key, f.Value.Reason));

    /// <summary>Endpoints that somebody unloaded in this process.</summary>
    public IEnumerable<Endpoint> Unloaded => unloaded.Values.Select(resting => resting.Endpoint);

    /// <summary>What the versions in memory did.</summary>
    public IEnumerable<VersionStatistics> Statistics(TimeProvider time) => current.Values.SelectMany(snapshot => snapshot.Statistics(null, time));

    /// <inheritdoc cref="ServingService.Statistics"/>
    public IReadOnlyList<VersionStatistics> Statistics(string name, string? version, TimeProvider time) =>
        Read(name, snapshot => snapshot.Statistics(version, time).ToArray());

    public bool IsLocal(string name) => RevisionOf(name) == long.MaxValue;

    /// <summary>The endpoint's snapshot, entered; the caller leaves it.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> for a name nobody deployed;
    /// <see cref="ErrorKind.Unavailable"/> when it is deployed and its model cannot be loaded here.</exception>
    public EndpointSnapshot Enter(string name)
    {
        while (current.TryGetValue(name, out var snapshot))
        {
            // A snapshot that was let go has a successor in its place already.
            if (snapshot.TryEnter())
            {
                return snapshot;
            }
        }

        throw failed.TryGetValue(name, out var failure)
            ? new SlipwayException(ErrorKind.Unavailable, $"Endpoint '{name}' is not ready: {failure.Reason}")
            : SlipwayException.NotFound(unloaded.ContainsKey(name)
                ? $"Request for unknown model: '{name}' has no available versions"
                : $"Request for unknown model: '{name}' is not found.");
    }

    /// <summary>What the endpoint's snapshot says, which stays in memory that long.</summary>
    /// <inheritdoc cref="Enter"/>
    public T Read<T>(string name, Func<EndpointSnapshot, T> read)
    {
        var snapshot = Enter(name);
        try
        {
            return read(snapshot);
        }
        finally
        {
            snapshot.Leave();
        }
    }

    /// <summary>Puts a model from a file in place, for as long as the process lives.</summary>
    public void PutLocal(Endpoint endpoint, ServedModel model)
    {
        if (!current.TryAdd(endpoint.Name, new EndpointSnapshot(endpoint, [model], isLocal: true)))
        {
            throw SlipwayException.Conflict($"Two models are to be served as '{endpoint.Name}'.");
        }

        unloaded.TryRemove(endpoint.Name, out _);
    }

    /// <summary>Lets go of the endpoint's models in this process. It rests until somebody loads it or changes it, or the process
    /// starts anew; its revision in the database stays what it is.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> unless it is loaded.</exception>
    public async Task UnloadAsync(string name, CancellationToken cancel)
    {
        await changing.WaitAsync(cancel);
        try
        {
            if (current.TryGetValue(name, out var snapshot))
            {
                // First the note, so that nobody who asks in between hears of an unknown model.
                unloaded[name] = new Resting(snapshot.Endpoint, snapshot.IsLocal);
                current.TryRemove(name, out _);
                snapshot.Leave();
            }
            else if (!unloaded.ContainsKey(name))
            {
                throw SlipwayException.NotFound($"failed to unload '{name}', there is no such model loaded");
            }
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>Brings an endpoint of the database back, or to what the database says now.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> for a name nobody deployed;
    /// <see cref="ErrorKind.FailedPrecondition"/> when its models cannot be loaded.</exception>
    public async Task LoadAsync(string name, CancellationToken cancel)
    {
        unloaded.TryRemove(name, out _);
        failed.TryRemove(name, out _);
        await SyncAsync(name, cancel);
        if (!current.ContainsKey(name))
        {
            throw failed.TryGetValue(name, out var failure)
                ? new SlipwayException(ErrorKind.FailedPrecondition, $"failed to load '{name}', {failure.Reason}")
                : SlipwayException.NotFound($"failed to load '{name}', nobody deployed an endpoint of that name");
        }
    }

    /// <summary>Brings every endpoint to what the database says.</summary>
    public async Task SyncAsync(CancellationToken cancel)
    {
        foreach (var (name, revision) in await store.RevisionsAsync(cancel))
        {
            if (RevisionOf(name) < revision && !IsHopeless(name, revision))
            {
                await SyncAsync(name, cancel);
            }
        }
    }

    /// <summary>
    /// Brings one endpoint to what the database says: loads and warms what it lacks, swaps, and lets go of what was there. An
    /// endpoint whose models cannot be loaded stays as it is.
    /// </summary>
    public async Task SyncAsync(string name, CancellationToken cancel)
    {
        await changing.WaitAsync(cancel);
        try
        {
            var endpoint = await store.FindAsync(name, cancel);
            if (endpoint is not null && RevisionOf(name) < endpoint.Revision)
            {
                await ApplyAsync(endpoint, cancel);
            }
        }
        finally
        {
            changing.Release();
        }
    }

    public void Dispose()
    {
        foreach (var snapshot in current.Values)
        {
            snapshot.Leave();
        }

        current.Clear();
        changing.Dispose();
    }

    private async Task ApplyAsync(Endpoint endpoint, CancellationToken cancel)
    {
        try
        {
            var loaded = await models.EnterAllAsync(endpoint, cancel);
            EndpointSnapshot? old = null;
            var next = new EndpointSnapshot(endpoint, loaded, isLocal: false);
            current.AddOrUpdate(endpoint.Name, next, (_, before) =>
            {
                old = before;
                return next;
            });
            failed.TryRemove(endpoint.Name, out _);
            unloaded.TryRemove(endpoint.Name, out _);
            old?.Leave();
        }
        catch (SlipwayException failure)
        {
            if (!failed.TryGetValue(endpoint.Name, out var before) || before.Revision != endpoint.Revision)
            {
                LogNotLoaded(failure, endpoint.Name, endpoint.Revision);
            }

            failed[endpoint.Name] = new Failure(endpoint.Revision, failure.Message, failure.Kind is ErrorKind.Unavailable or ErrorKind.Timeout);
        }
    }

    /// <summary>A local model is never replaced by one of the database.</summary>
    private long RevisionOf(string name) => current.TryGetValue(name, out var snapshot)
        ? snapshot.IsLocal ? long.MaxValue : snapshot.Endpoint.Revision
        : unloaded.TryGetValue(name, out var resting) ? resting.IsLocal ? long.MaxValue : resting.Endpoint.Revision : 0;

    private bool IsHopeless(string name, long revision) =>
        failed.TryGetValue(name, out var failure) && failure.Revision == revision && !failure.MayPass;

    private sealed record Resting(Endpoint Endpoint, bool IsLocal);

    /// <param name="MayPass">Worth another try: a disk or a database that was away.</param>
    private sealed record Failure(long Revision, string Reason, bool MayPass);

    [LoggerMessage(4010, LogLevel.Error, "Revision {Revision} of endpoint {Endpoint} cannot be loaded; what served before, if anything, goes on")]
    private partial void LogNotLoaded(Exception failure, string endpoint, long revision);
}
