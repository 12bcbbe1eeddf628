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
        foreach (var asked in await ViewsAsync(step, inputs, cancel))
        {
            var versions = await registry.InUseAsync(asked, cancel);
            rows[asked] = await MaterialiseAsync(step, versions[0], inputs, cancel);
            step.Log($"{asked}: {rows[asked]} rows as of {inputs.AsOf:u}");
            foreach (var held in versions.Skip(1))
            {
                await HeldAsync(step, held, inputs, rows, cancel);
            }
        }

        return StepInputs.Write(new Outputs(rows));
    }

    private async Task<IEnumerable<string>> ViewsAsync(StepContext step, Inputs inputs, CancellationToken cancel) =>
        inputs.Service is null == inputs.Views is null
            ? throw SlipwayException.Invalid($"Step '{step.Step}' needs exactly one of 'service' and 'views'.")
            : inputs.Views ?? (await registry.GetServiceAsync(inputs.Service!, cancel)).Lookups.Select(l => l.View.Name).Distinct();

    /// <summary>A definition may have left the source that it read before; what is in force need not wait for it.</summary>
    private async Task HeldAsync(StepContext step, SourcedView held, Inputs inputs, Dictionary<string, int> rows, CancellationToken cancel)
    {
        var (view, source) = (held.Stored.Key, held.Windowed?.Topic ?? held.Source.Name ?? held.Stored.Name);
        if (!inputs.Sources.ContainsKey(source))
        {
            step.Log($"{view}: not filled, since the step has no rows of source '{source}'");
            return;
        }

        rows[view] = await MaterialiseAsync(step, held, inputs, cancel);
        step.Log($"{view}: {rows[view]} rows as of {inputs.AsOf:u}");
    }

    private async Task<int> MaterialiseAsync(StepContext step, SourcedView view, Inputs inputs, CancellationToken cancel)
    {
        if (view.Windowed is not { } streaming)
        {
            var files = inputs.Sources.ToDictionary(s => s.Key, s => SourceData.File(datasets.PathOf(s.Value)), StringComparer.Ordinal);
            var (rows, violations) = await batches.MaterialiseBatchAsync(view.Stored.Key, files, inputs.AsOf, cancel);
            foreach (var violation in violations)
            {
                step.Log(violation.Message);
            }

            return rows;
        }

        var source = streaming.Topic;
        var dataset = inputs.Sources.GetValueOrDefault(source)
            ?? throw SlipwayException.Invalid($"View '{view.Stored.Name}' needs the rows of source '{source}'.");
        return await streams.MaterialiseAsync(streaming.Key, await datasets.ReadAsync(dataset, cancel), inputs.AsOf, cancel);
    }
}
