using System.Text.Json.Serialization;
using Slipway.Core.Versioning;

namespace Slipway.Platform.Registry;

public enum LineageKind
{
    Dataset,

    /// <summary>Where a feature view's rows come from.</summary>
    FeatureSource,
    FeatureView,
    FeatureService,
    Run,
    ModelVersion,
    Endpoint,
    Alert,
    PipelineRun,
}

public enum LineageDirection
{
    /// <summary>What it was made from.</summary>
    Upstream,

    /// <summary>What was made from it.</summary>
    Downstream,

    /// <summary>The two together.</summary>
    Both,
}

/// <param name="Id">Unique within its kind.</param>
public sealed record LineageNode(LineageKind Kind, string Id)
{
    public const int MaxIdLength = 600;

    public static LineageNode Dataset(string name, string digest) => new(LineageKind.Dataset, $"{name}@{digest}");

    /// <param name="service">A name, or a version of it as <c>flight_delay@3</c>: what came of any version came of the service.</param>
    public static LineageNode FeatureService(string service) => new(LineageKind.FeatureService, service.Split('@')[0]);

    public static LineageNode FeatureSource(string name) => new(LineageKind.FeatureSource, name);

    public static LineageNode FeatureView(string name) => new(LineageKind.FeatureView, name);

    public static LineageNode Run(string runId) => new(LineageKind.Run, runId);

    public static LineageNode ModelVersion(string model, SemanticVersion version) => new(LineageKind.ModelVersion, $"{model}/{version}");

    public static LineageNode Endpoint(string name) => new(LineageKind.Endpoint, name);

    public static LineageNode Alert(string id) => new(LineageKind.Alert, id);

    public static LineageNode PipelineRun(string id) => new(LineageKind.PipelineRun, id);
}

/// <summary>An edge from what was used to what came of it.</summary>
/// <param name="Relation">A verb from left to right, such as <c>trained</c> in "this run trained that version".</param>
public sealed record LineageEdge(LineageNode From, LineageNode To, string Relation, long CreatedMs)
{
    /// <summary>The end that a walk in this direction comes to.</summary>
    internal LineageNode Far(bool upstream) => upstream ? From : To;
}

/// <param name="Start">What was asked about; it is among the nodes even when nothing is known of it.</param>
/// <param name="Truncated">True when there were more edges than <see cref="LineageService.MaxEdges"/>.</param>
public sealed record LineageGraph(
    LineageNode Start, IReadOnlyList<LineageNode> Nodes, IReadOnlyList<LineageEdge> Edges,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] bool Truncated);
