using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry;

/// <summary>Draws the datasets that a run read, whether or not a version is ever made of it.</summary>
internal sealed class RunLineage(LineageService lineage)
{
    public const string Job = "lineage.draw";

    public static RunSubscription Subscription { get; } = new(Job, RunEventKind.Linked);

    public async Task<string?> RunAsync(Job job, CancellationToken cancel)
    {
        var linked = Json.Read<RunEvent>(job.Payload);
        foreach (var dataset in linked.Datasets ?? [])
        {
            await lineage.AddAsync(LineageService.Reader, LineageNode.Dataset(dataset.Name, dataset.Digest), LineageNode.Run(linked.RunId), "read_by", cancel);
        }

        return null;
    }
}
