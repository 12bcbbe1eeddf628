using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry.OpenLineage;

/// <summary>All that an event says of a run, read when it is sent.</summary>
/// <param name="Job">The name of its experiment: what is run again and again.</param>
/// <param name="Parent">The run it is a part of, and the experiment of that.</param>
/// <param name="Versions">The model versions that were made of it, as <c>model/version</c>.</param>
internal sealed record OpenLineageRun(RunDetail Detail, string Job, (string RunId, string Job)? Parent, IReadOnlyList<string> Versions);
