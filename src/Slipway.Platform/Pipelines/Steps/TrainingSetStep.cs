using System.Text.Json.Nodes;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Registry;

namespace Slipway.Platform.Pipelines.Steps;

/// <summary><c>features.training_set</c>: joins a feature service to labelled rows, each as of its own time.</summary>
internal sealed class TrainingSetStep(
    AnalyticsEngine analytics, FeatureRegistryService registry, TrainingSetService trainingSets, Datasets datasets, LineageService lineage)
{
    public const string EventTimestamp = "event_timestamp";

    /// <param name="Entities">DuckDB SQL over the sources: <c>event_timestamp</c>, join keys, request data and labels.</param>
    /// <param name="Sources">What the feature views' sources of these names read.</param>
    private sealed record Inputs(string Name, string Service, IReadOnlyDictionary<string, DatasetSnapshot> Sources, string Entities);

    /// <param name="Features">The service's columns, in order.</param>
    /// <param name="Service">The version that was joined, as <c>flight_delay@3</c>.</param>
    private sealed record Outputs(DatasetSnapshot Data, IReadOnlyList<string> Features, TimeWindow Window, string Service);

    public async Task<JsonObject> RunAsync(StepContext step, CancellationToken cancel)
    {
        var inputs = step.Read<Inputs>();
        var files = inputs.Sources.ToDictionary(s => s.Key, s => datasets.PathOf(s.Value), StringComparer.Ordinal);
        var entities = await analytics.RunAsync(
            session =>
            {
                foreach (var (name, file) in files)
                {
                    session.Execute($"create view {Sql.Name(name)} as select * from read_parquet({Sql.Text(file)})");
                }

                return session.Query(inputs.Entities);
            },
            cancel);
        if (entities.Rows == 0)
        {
            throw SlipwayException.Invalid($"The entities of '{inputs.Name}' are empty; is the span of time right?");
        }

        var sources = files.ToDictionary(f => f.Key, f => SourceData.File(f.Value), StringComparer.Ordinal);
        var plan = await registry.GetServiceAsync(inputs.Service, cancel);
        var (joined, violations) = await trainingSets.BuildCheckedAsync(plan.Key, entities, sources, cancel);
        foreach (var violation in violations)
        {
            step.Log(violation.Message);
        }

        var data = await datasets.PutAsync(inputs.Name, joined, cancel);
        await LinkAsync(step, inputs, data, cancel);
        string[] features = [.. plan.Columns.Select(c => c.Column.Name)];
        step.Log($"{joined.Rows} rows × {features.Length} features");
        var times = joined[EventTimestamp].Longs;
        return StepInputs.Write(new Outputs(data, features, new TimeWindow(times.Min(), times.Max() + 1), plan.Key));
    }

    private async Task LinkAsync(StepContext step, Inputs inputs, DatasetSnapshot data, CancellationToken cancel)
    {
        var (actor, service, set) = (PipelineActors.Of(step.Run), LineageNode.FeatureService(inputs.Service), data.Node);
        foreach (var source in inputs.Sources.Values)
        {
            await lineage.AddAsync(actor, source.Node, service, "feeds", cancel);
            await lineage.AddAsync(actor, source.Node, set, "was selected into", cancel);
        }

        await lineage.AddAsync(actor, service, set, "was joined into", cancel);
    }
}

/// <summary>Event time in microseconds since the epoch, UTC; the end is not included.</summary>
public sealed record TimeWindow(long FromUs, long ToUs);
