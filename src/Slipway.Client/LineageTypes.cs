using System.Text.Json.Serialization;
using Slipway.Client.Http;

namespace Slipway.Client;

[JsonConverter(typeof(SnakeCase<LineageKind>))]
public enum LineageKind
{
    Dataset,
    FeatureSource,
    FeatureView,
    FeatureService,
    Run,
    ModelVersion,
    Endpoint,
    Alert,
    PipelineRun,
}

[JsonConverter(typeof(SnakeCase<LineageDirection>))]
public enum LineageDirection
{
    /// <summary>What it was made from.</summary>
    Upstream,

    /// <summary>What was made from it.</summary>
    Downstream,
    Both,
}

/// <param name="Id">Unique within its kind.</param>
public sealed record LineageNode(LineageKind Kind, string Id);

/// <summary>An edge from what was used to what came of it.</summary>
public sealed record LineageEdge(LineageNode From, LineageNode To, string Relation, long CreatedMs = 0);

/// <param name="Start">What was asked about.</param>
/// <param name="Truncated">True when there were more edges than a server answers with.</param>
public sealed record LineageGraph(
    LineageNode Start, IReadOnlyList<LineageNode> Nodes, IReadOnlyList<LineageEdge> Edges, bool Truncated = false);
