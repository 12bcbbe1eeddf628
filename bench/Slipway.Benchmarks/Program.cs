using Slipway.Benchmarks;

// A new benchmark is one entry here. Each prints its figures beside a peer or a limit and returns whether the limit holds.
var benchmarks = new Dictionary<string, Func<CancellationToken, Task<bool>>>
{
    ["startup"] = StartupBenchmark.RunAsync,
    ["jobs"] = JobsBenchmark.RunAsync,
    ["onnx"] = OnnxBenchmark.RunAsync,
    ["gate"] = AllocationGate.RunAsync,
    ["serving"] = ServingBenchmark.RunAsync,
    ["tracking"] = TrackingBenchmark.RunAsync,
    ["tracking-sqlite"] = TrackingBenchmark.SqliteAsync,
    ["tracking-postgres"] = TrackingBenchmark.PostgresAsync,
    ["score"] = ScoreBenchmark.RunAsync,
    ["windows"] = WindowsBenchmark.RunAsync,
    ["artifacts"] = ArtifactsBenchmark.RunAsync,
    ["online"] = OnlineBenchmark.RunAsync,
    ["materialize"] = MaterializeBenchmark.RunAsync,
    ["materialize-embedded"] = MaterializeBenchmark.EmbeddedAsync,
    ["materialize-redis"] = MaterializeBenchmark.RedisAsync,
    ["join"] = JoinBenchmark.RunAsync,
    ["join-large"] = JoinBenchmark.LargeAsync,
};

var asked = args is ["all"] ? [.. benchmarks.Keys.Where(name => !name.Contains('-', StringComparison.Ordinal))] : args;
if (asked.Length == 0 || asked.Any(name => !benchmarks.ContainsKey(name)))
{
    Console.Error.WriteLine($"Name what to measure: {string.Join(", ", benchmarks.Keys)} or all.");
    return 2;
}

var holds = true;
foreach (var name in asked)
{
    holds &= await benchmarks[name](CancellationToken.None);
}

return holds ? 0 : 1;
