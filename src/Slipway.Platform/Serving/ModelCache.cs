using System.Collections.Concurrent;

namespace Slipway.Platform.Serving;

/// <summary>Loaded versions by name, each once per process, for as long as some snapshot uses it.</summary>
internal sealed class ModelCache(ModelSource source)
{
    private readonly ConcurrentDictionary<(string Model, string Version), ServedModel> loaded = [];

    /// <summary>The version, entered: loaded, verified and warmed if no snapshot has it yet.</summary>
    public async Task<ServedModel> EnterAsync(string model, string version, CancellationToken cancel)
    {
        if (loaded.TryGetValue((model, version), out var present) && present.TryEnter())
        {
            return present;
        }

        var served = await source.LoadAsync(model, version, Forget, cancel);
        try
        {
            await served.WarmUpAsync(cancel);
        }
        catch
        {
            served.Leave();
            throw;
        }

        loaded[(model, version)] = served;
        return served;
    }

    /// <summary>All versions of the endpoint, in the order of its variants; all of them or, when it throws, none.</summary>
    public async Task<IReadOnlyList<ServedModel>> EnterAllAsync(Endpoint endpoint, CancellationToken cancel)
    {
        var entered = new List<ServedModel>();
        try
        {
            foreach (var variant in endpoint.Variants)
            {
                entered.Add(await EnterAsync(endpoint.Model, variant.Version, cancel));
            }

            return entered;
        }
        catch
        {
            entered.ForEach(model => model.Leave());
            throw;
        }
    }

    private void Forget(ServedModel model) => loaded.TryRemove(KeyValuePair.Create((model.Model, model.Version), model));
}
