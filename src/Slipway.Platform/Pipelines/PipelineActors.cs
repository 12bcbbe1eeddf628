using Slipway.Platform.Access;

namespace Slipway.Platform.Pipelines;

internal static class PipelineActors
{
    /// <summary>Who a step acts as: it may write runs and versions, and never approves.</summary>
    public static Actor Of(PipelineRun run) => new($"pipeline/{run.Pipeline}", Role.Contributor);
}
