using Slipway.Inference;
using Slipway.Platform.Serving;
using Slipway.Protocols.OpenInference.Wire;
using ModelStatistics = Slipway.Protocols.OpenInference.Wire.ModelStatistics;

namespace Slipway.Protocols.OpenInference.Grpc;

/// <summary>The counts of <see cref="StatisticsWriter"/> as messages.</summary>
internal static class GrpcStatistics
{
    public static ModelStatistics Write(VersionStatistics version)
    {
        var counts = version.Statistics;
        return new ModelStatistics
        {
            Name = version.Endpoint,
            Version = version.Version,
            LastInference = (ulong)counts.LastInferenceMs,
            InferenceCount = (ulong)counts.InferenceCount,
            ExecutionCount = (ulong)counts.ExecutionCount,
            InferenceStats = new InferStatistics
            {
                Success = Write(counts.Success),
                Fail = Write(counts.Fail),
                Queue = Write(counts.Queue),
                ComputeInput = Write(counts.ComputeInput),
                ComputeInfer = Write(counts.ComputeInfer),
                ComputeOutput = Write(counts.ComputeOutput),
                CacheHit = new StatisticDuration(),
                CacheMiss = new StatisticDuration(),
            },
            BatchStats = { counts.Batches.Select(Write) },
        };
    }

    private static InferBatchStatistics Write(BatchStatistics batch) => new()
    {
        BatchSize = (ulong)batch.Size,
        ComputeInput = Write(batch.ComputeInput),
        ComputeInfer = Write(batch.ComputeInfer),
        ComputeOutput = Write(batch.ComputeOutput),
    };

    private static StatisticDuration Write(CountedTime time) => new() { Count = (ulong)time.Count, Ns = (ulong)time.Nanoseconds };
}
