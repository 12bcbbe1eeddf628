using System.Text.Json.Nodes;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Pipelines;

namespace Slipway.Platform.Streaming;

/// <summary>
/// The step <c>features.materialize</c>: brings views into the online store as of a time. A streaming view begins from history,
/// and its stream goes on from there; a batch view gets the rows that are new. Versions that an endpoint holds are filled with those in force.
/// </summary>
internal sealed class MaterializeStep(
    FeatureRegistryService registry, StreamMaterialisation streams, BatchMaterialisation batches, Datasets datasets)
{
    /// <param name="Service">All stored views of this feature service, or …</param>
    /// <param name="Views">… these views.</param>
    /// <param name="Sources">What the views' sources of these names read.</param>
    private sealed record Inputs(
        IReadOnlyDictionary<string, DatasetSnapshot> Sources, DateTimeOffset AsOf, string? Service = null, IReadOnlyList<string>? Views = null);

    private sealed record Outputs(IReadOnlyDictionary<string, int> Rows);

    public async Task<JsonObject> RunAsync(StepContext step, CancellationToken cancel)
    {
        var inputs = step.Read<Inputs>();
        var rows = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var view in await ViewsAsync(step, inputs, cancel))
        {
            rows[view] = await MaterialiseAsync(view, inputs, cancel);
            step.Log($"{view}: {rows[view]} rows as of {inputs.AsOf:u}");
        }

        return StepInputs.Write(new Outputs(rows));
    }

    private async Task<IEnumerable<string>> ViewsAsync(StepContext step, Inputs inputs, CancellationToken cancel)
    {
        if (inputs.Service is null == inputs.Views is null)
        {
            throw SlipwayException.Invalid($"Step '{step.Step}' needs exactly one of 'service' and 'views'.");
        }

        var views = new List<string>();
        foreach (var view in inputs.Views ?? [.. (await registry.GetServiceAsync(inputs.Service!, cancel)).Lookups.Select(l => l.View.Name).Distinct()])
        {
            views.AddRange(await registry.InUseAsync(view, cancel));
        }

        return views;
    }

    private async Task<int> MaterialiseAsync(string view, Inputs inputs, CancellationToken cancel)
    {
        if ((await registry.StreamingViewsAsync(cancel)).FirstOrDefault(v => v.Key == view || v.Stored.Name == view) is not { } streaming)
        {
            var files = inputs.Sources.ToDictionary(s => s.Key, s => SourceData.File(datasets.PathOf(s.Value)), StringComparer.Ordinal);
            return await batches.MaterialiseBatchAsync(view, files, inputs.AsOf, cancel);
        }

        var source = streaming.Topic;
        var dataset = inputs.Sources.GetValueOrDefault(source) ?? throw SlipwayException.Invalid($"View '{view}' needs the rows of source '{source}'.");
        return await streams.MaterialiseAsync(view, await datasets.ReadAsync(dataset, cancel), inputs.AsOf, cancel);
    }
}
