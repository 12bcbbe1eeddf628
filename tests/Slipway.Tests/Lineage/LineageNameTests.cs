using Slipway.Client;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Tests.Hosting;

namespace Slipway.Tests.Lineage;

/// <summary>Lineage asked by names, through the client, of a real server.</summary>
public sealed class LineageNameTests
{
    private static readonly ModelSignature Signature =
        new([new ColumnSchema("x", DataType.Float32)], [new ColumnSchema("p", DataType.Float32)]);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<string> TrainAsync(SlipwayClient client, string digest)
    {
        var experiment = await client.Experiments.GetOrCreateAsync("flights", Cancel);
        var run = await client.Runs.StartAsync(new RunStart(experiment.Id), Cancel);
        await client.Runs.LogInputAsync(run.Id, new DatasetInput("raw", digest, "raw.csv"), Cancel);
        await client.Artifacts.UploadTextAsync(run.Id, "model.onnx", digest, Cancel);
        await client.Models.RegisterAsync(new NewModel("delay"), Cancel);
        await client.Models.CreateVersionAsync("delay", new NewVersion(run.Id, "model.onnx", Signature, FeatureService: "delay_v1"), Cancel);
        return run.Id;
    }

    [Fact]
    public async Task Each_thing_is_found_by_what_people_call_it()
    {
        await using var server = await RunningHost.StartAsync();
        using var client = new SlipwayClient(server.Http.BaseAddress!);
        var first = await TrainAsync(client, "aaa");
        await TrainAsync(client, "bbb");
        await client.Models.SetAliasAsync("delay", "champion", "1.0.0", Cancel);

        async Task<LineageNode> StartAsync(string name) => (await client.Lineage.TraceAsync(name, cancel: Cancel)).Start;

        Assert.Equal(new(LineageKind.ModelVersion, "delay/1.1.0"), await StartAsync("delay"));
        Assert.Equal(new(LineageKind.ModelVersion, "delay/1.0.0"), await StartAsync("delay/champion"));
        Assert.Equal(new(LineageKind.ModelVersion, "delay/1.0.0"), await StartAsync("model_version:delay/1"));
        Assert.Equal(new(LineageKind.Run, first), await StartAsync(first));
        Assert.Equal(new(LineageKind.FeatureService, "delay_v1"), await StartAsync("delay_v1"));
        Assert.Equal(new(LineageKind.Dataset, "raw@aaa"), await StartAsync("raw@aaa"));
        Assert.Equal(new(LineageKind.Dataset, "raw@bbb"), await StartAsync("dataset:raw"));
        var error = await Assert.ThrowsAsync<SlipwayException>(() => StartAsync("nobody"));
        Assert.Equal(ErrorKind.NotFound, error.Kind);
        Assert.Contains("'nobody'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_run_read_is_drawn_before_any_version_is_made_of_it()
    {
        await using var server = await RunningHost.StartAsync();
        using var client = new SlipwayClient(server.Http.BaseAddress!);
        var experiment = await client.Experiments.CreateAsync(new NewExperiment("flights"), Cancel);
        var run = await client.Runs.StartAsync(new RunStart(experiment.Id), Cancel);
        await client.Runs.LogInputAsync(run.Id, new DatasetInput("raw", "aaa", "raw.csv"), Cancel);

        LineageGraph graph;
        while ((graph = await client.Lineage.TraceAsync(run.Id, LineageDirection.Upstream, cancel: Cancel)).Edges.Count == 0)
        {
            await Task.Delay(20, Cancel);
        }

        var edge = Assert.Single(graph.Edges);
        Assert.Equal((new LineageNode(LineageKind.Dataset, "raw@aaa"), new LineageNode(LineageKind.Run, run.Id), "read_by"), (edge.From, edge.To, edge.Relation));
    }
}
