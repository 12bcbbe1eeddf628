using Slipway.Client;
using Slipway.Commands.Client;

namespace Slipway.Tests.Lineage;

public sealed class LineageTreeTests
{
    private static readonly LineageNode Data = new(LineageKind.Dataset, "flights@abc");
    private static readonly LineageNode Features = new(LineageKind.FeatureService, "delay_v1");
    private static readonly LineageNode Run = new(LineageKind.Run, "r1");
    private static readonly LineageNode Version = new(LineageKind.ModelVersion, "delay/1.0.0");
    private static readonly LineageNode Served = new(LineageKind.Endpoint, "delay");

    [Fact]
    public void A_graph_reads_as_what_it_was_made_from_and_what_it_is_used_for()
    {
        var graph = new LineageGraph(
            Run,
            [Data, Features, Run, Version, Served],
            [new(Data, Features, "feeds"), new(Data, Run, "read_by"), new(Features, Run, "features_of"), new(Run, Version, "trained"), new(Version, Served, "served_by")]);

        Assert.Equal(
            """
            run r1
            made from
            ├─ dataset flights@abc (read by)
            └─ feature service delay_v1 (features of)
               └─ dataset flights@abc (feeds)
            used for
            └─ model version delay/1.0.0 (trained)
               └─ endpoint delay (served by)

            """,
            LineageTree.Render(graph, LineageDirection.Both));
    }

    [Fact]
    public void A_circle_is_shown_once()
    {
        var graph = new LineageGraph(Version, [Version, Served], [new(Version, Served, "served_by"), new(Served, Version, "retrained_as")]);

        Assert.Equal(
            "model version delay/1.0.0\nused for\n└─ endpoint delay (served by)\n   └─ model version delay/1.0.0 (retrained as) …\n",
            LineageTree.Render(graph, LineageDirection.Downstream));
    }

    [Fact]
    public void What_nobody_knows_says_so() => Assert.Equal(
        "run r1\nmade from: nothing that is known\n", LineageTree.Render(new LineageGraph(Run, [Run], []), LineageDirection.Upstream));
}
