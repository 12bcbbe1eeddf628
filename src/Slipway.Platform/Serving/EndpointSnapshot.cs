using System.Collections.Frozen;
using Slipway.Core.Errors;

namespace Slipway.Platform.Serving;

/// <summary>
/// An endpoint as it stands at one revision, never changed: a request enters one snapshot and sees nothing else. A change
/// makes another snapshot; this one lets go of its models when the last request has left.
/// </summary>
internal sealed class EndpointSnapshot
{
    private readonly UseCount uses;

    /// <param name="models">In the order of the variants; entered for this snapshot, which leaves them.</param>
    public EndpointSnapshot(Endpoint endpoint, IReadOnlyList<ServedModel> models, bool isLocal)
    {
        Endpoint = endpoint;
        Models = models;
        IsLocal = isLocal;
        Split = new TrafficSplit(endpoint);
        Inputs = models.SelectMany(model => model.Names).ToFrozenSet(StringComparer.Ordinal);
        Champion = models[endpoint.Variants.ToList().FindIndex(v => v.Role == VariantRole.Champion)];
        uses = new UseCount(() =>
        {
            foreach (var model in models)
            {
                model.Leave();
            }
        });
    }

    public Endpoint Endpoint { get; }

    public IReadOnlyList<ServedModel> Models { get; }

    public ServedModel Champion { get; }

    public TrafficSplit Split { get; }

    /// <summary>Names that some version takes.</summary>
    public FrozenSet<string> Inputs { get; }

    /// <summary>Whether it comes from a file and not from the database.</summary>
    public bool IsLocal { get; }

    public bool TryEnter() => uses.TryEnter();

    public void Leave() => uses.Leave();

    /// <param name="version">All, the champion first, when null.</param>
    public IEnumerable<VersionStatistics> Statistics(string? version, TimeProvider time)
    {
        IEnumerable<ServedModel> models = version is null ? Models.OrderBy(model => model != Champion) : [Models[VariantOf(version)]];
        return models.Select(model => new VersionStatistics(Endpoint.Name, model.Version, model.Onnx.Statistics(time)));
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> when the endpoint has no such variant.</exception>
    public int VariantOf(string version)
    {
        for (var i = 0; i < Models.Count; i++)
        {
            if (Models[i].Version == version)
            {
                return i;
            }
        }

        throw SlipwayException.NotFound(
            $"Request for unknown model: '{Endpoint.Name}' version {version} is not found; "
            + $"it serves {string.Join(", ", Models.Select(m => m.Version))}.");
    }
}
