using System.Text.Json;
using System.Text.Json.Nodes;

namespace Slipway.Commands.Demo;

/// <summary>What <c>--json</c> writes. All of it was asked of the server when the job had ended.</summary>
internal sealed record DemoSummary
{
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    public required long Rows { get; init; }

    public required long Quarantined { get; init; }

    public required double AucApril { get; init; }

    public required double AucAprilBaseline { get; init; }

    /// <summary>Each version with the stage it ended in.</summary>
    public required IReadOnlyList<DemoVersion> ModelVersions { get; init; }

    public required long PredictionsServed { get; init; }

    public required long LabelsJoined { get; init; }

    /// <summary>Alerts of drift that were opened during the replay.</summary>
    public required long DriftAlerts { get; init; }

    /// <summary>Null when no challenger passed its gate.</summary>
    public required string? RetrainedVersion { get; init; }

    /// <summary>Of the last retraining; null when none was triggered.</summary>
    public required DemoGate? Gate { get; init; }

    /// <summary>Null when no challenger reached live traffic.</summary>
    public required DemoCanary? Canary { get; init; }

    /// <summary>Features served online that differ from those computed offline for the same rows, among those compared.</summary>
    public required DemoSkew Skew { get; init; }

    /// <summary>The ids from data to deployment.</summary>
    public required JsonObject Lineage { get; init; }

    /// <summary>Per step and in all.</summary>
    public required IReadOnlyDictionary<string, double> Seconds { get; init; }
}

internal sealed record DemoVersion(string Version, string Stage);

internal sealed record DemoGate(string Decision, double Champion, double Challenger, double PValue);

internal sealed record DemoCanary(string Decision, string Reason);

internal sealed record DemoSkew(long Compared, long Different);
