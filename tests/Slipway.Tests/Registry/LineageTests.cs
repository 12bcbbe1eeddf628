using Slipway.Core.Errors;
using Slipway.Core.Versioning;
using Slipway.Platform.Registry;
using Slipway.Platform.Tracking;
using Slipway.TestKit;
using static Slipway.Tests.Registry.RegistryKit;

namespace Slipway.Tests.Registry;

public abstract class LineageContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly LineageNode Data = LineageNode.Dataset("flights", "abc");
    private static readonly LineageNode Features = LineageNode.FeatureService("delay_v1");
    private static readonly LineageNode Trained = LineageNode.Run("r1");
    private static readonly LineageNode First = LineageNode.ModelVersion("delay", SemanticVersion.Of(1, 0, 0));
    private static readonly LineageNode Second = LineageNode.ModelVersion("delay", SemanticVersion.Of(1, 1, 0));
    private static readonly LineageNode Served = LineageNode.Endpoint("delay");
    private static readonly LineageNode Alarm = LineageNode.Alert("a1");

    private RegistryKit kit = null!;

    protected override Task PrepareAsync()
    {
        kit = new RegistryKit(Db, Folder.Combine("blobs"), Time);
        return Task.CompletedTask;
    }

    private Task LinkAsync(LineageNode from, LineageNode to, string relation = "used_by") =>
        kit.Lineage.AddAsync(Carl, from, to, relation, Cancel);

    private async Task ChainAsync()
    {
        await LinkAsync(Data, Features);
        await LinkAsync(Features, Trained);
        await LinkAsync(Data, Trained);
        await LinkAsync(Trained, First);
        await LinkAsync(Trained, Second);
        await LinkAsync(First, Served);
        await LinkAsync(Served, Alarm);
    }

    private async Task<IReadOnlyList<LineageNode>> NodesAsync(LineageNode start, LineageDirection direction, int depth = 50) =>
        (await kit.Lineage.TraceAsync(start, direction, depth, Cancel)).Nodes;

    [Fact]
    public async Task The_way_from_data_to_alert_is_found_from_both_ends()
    {
        await ChainAsync();
        Assert.Equal([Data, Features, Trained, First, Served, Alarm], await NodesAsync(Alarm, LineageDirection.Upstream));
        Assert.Equal([Data, Features, Trained, First, Second, Served, Alarm], await NodesAsync(Data, LineageDirection.Downstream));
    }

    [Fact]
    public async Task Both_directions_leave_out_siblings()
    {
        await ChainAsync();
        Assert.Equal([Data, Features, Trained, First, Served, Alarm], await NodesAsync(First, LineageDirection.Both));
    }

    [Fact]
    public async Task Depth_counts_steps()
    {
        await ChainAsync();
        Assert.Equal([First, Served, Alarm], await NodesAsync(Alarm, LineageDirection.Upstream, 2));
        var graph = await kit.Lineage.TraceAsync(Data, LineageDirection.Downstream, 1, Cancel);
        Assert.Equal([(Data, Features), (Data, Trained)], graph.Edges.Select(e => (e.From, e.To)));
        await FailsAsync(ErrorKind.Invalid, () => kit.Lineage.TraceAsync(Data, LineageDirection.Downstream, 0, Cancel));
        await FailsAsync(ErrorKind.Invalid, () => kit.Lineage.TraceAsync(Data, LineageDirection.Downstream, 51, Cancel));
    }

    [Fact]
    public async Task An_edge_added_twice_is_one_and_another_relation_is_another()
    {
        await LinkAsync(Data, Trained);
        Time.Advance(TimeSpan.FromDays(1));
        await LinkAsync(Data, Trained);
        await LinkAsync(Data, Trained, "evaluated_on");
        var edges = (await kit.Lineage.TraceAsync(Trained, LineageDirection.Upstream, 5, Cancel)).Edges;
        Assert.Equal(["evaluated_on", "used_by"], edges.Select(e => e.Relation));
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(), edges[1].CreatedMs);
    }

    [Fact]
    public async Task A_circle_ends()
    {
        await ChainAsync();
        await LinkAsync(Alarm, LineageNode.PipelineRun("p1"), "triggered");
        await LinkAsync(LineageNode.PipelineRun("p1"), Trained, "started");
        var graph = await kit.Lineage.TraceAsync(Trained, LineageDirection.Downstream, 50, Cancel);
        Assert.Equal([Trained, First, Second, Served, Alarm, LineageNode.PipelineRun("p1")], graph.Nodes);
        Assert.Equal(6, graph.Edges.Count);
    }

    [Fact]
    public async Task Diamonds_do_not_multiply()
    {
        // 2^40 ways lead through, over 81 nodes.
        for (var i = 0; i < 40; i++)
        {
            foreach (var side in new[] { "l", "r" })
            {
                await LinkAsync(LineageNode.Run($"m{i:00}"), LineageNode.Run($"s{i:00}{side}"));
                await LinkAsync(LineageNode.Run($"s{i:00}{side}"), LineageNode.Run($"m{i + 1:00}"));
            }
        }

        var graph = await kit.Lineage.TraceAsync(LineageNode.Run("m00"), LineageDirection.Downstream, 50, Cancel);
        Assert.Equal(100, graph.Edges.Count); // 50 steps of two edges each
        Assert.False(graph.Truncated);
    }

    [Fact]
    public async Task What_nobody_knows_stands_alone()
    {
        var graph = await kit.Lineage.TraceAsync(LineageNode.Run("none"), LineageDirection.Both, 5, Cancel);
        Assert.Equal([LineageNode.Run("none")], graph.Nodes);
        Assert.Empty(graph.Edges);
    }

    [Fact]
    public async Task Registering_a_version_draws_data_features_run_and_version()
    {
        var experiment = await kit.Experiments.CreateAsync(Carl, new NewExperiment("flights"), Cancel);
        var run = await kit.Tracking.StartRunAsync(Carl, new RunStart(experiment.Id), Cancel);
        await kit.Tracking.LogInputAsync(Carl, run.Id, new DatasetInput("flights", "abc", "flights.parquet", 10, "training"), Cancel);
        await kit.Registry.RegisterModelAsync(Carl, new NewModel("delay"), Cancel);
        await kit.CreateAsync("delay", with: v => v with { RunId = run.Id, FeatureService = "delay_v1" });

        var graph = await kit.Lineage.TraceAsync(First, LineageDirection.Upstream, 10, Cancel);
        Assert.Equal([Data, Features, LineageNode.Run(run.Id), First], graph.Nodes);
        Assert.Equal(["read_by", "features_of", "trained"], graph.Edges.Select(e => e.Relation));
    }
}

public sealed class LineageOnSqlite() : LineageContract(null);

public sealed class LineageOnPostgres(PostgresServer postgres) : LineageContract(postgres);
