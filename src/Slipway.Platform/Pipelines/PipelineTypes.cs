using System.Text.Json.Nodes;
using Slipway.Platform.Registry;

namespace Slipway.Platform.Pipelines;

/// <summary>A directed acyclic graph of steps with named parameters.</summary>
/// <param name="Parameters">Their defaults; a run may give others.</param>
/// <param name="Schedule">When it starts by itself, or null.</param>
public sealed record PipelineDefinition(
    string Name, string Description, JsonObject Parameters, PipelineSchedule? Schedule, IReadOnlyList<StepDefinition> Steps);

public sealed record PipelineSchedule(string Cron, string TimeZone);

/// <param name="Uses">The kind of step, such as <c>model.train</c>.</param>
/// <param name="With">Its inputs; strings may hold <c>${parameters.x}</c>, <c>${steps.s.output}</c> and <c>${run.id}</c>.</param>
/// <param name="Needs">Steps that must have ended before, besides those that <paramref name="With"/> refers to.</param>
/// <param name="When">A reference; the step is skipped when its value is false, null or absent.</param>
/// <param name="Retries">How often it is tried again after an error that may pass.</param>
/// <param name="Cache">Whether equal inputs may reuse the outputs of an earlier step.</param>
public sealed record StepDefinition(
    string Name, string Uses, JsonObject With, IReadOnlyList<string> Needs, string? When, int Retries, TimeSpan Timeout, bool Cache);

public enum PipelineState
{
    Running,

    /// <summary>A step waits for something outside, such as an approval.</summary>
    Waiting,

    Succeeded,
    Failed,
}

public enum StepState
{
    Pending,
    Running,

    /// <summary>It waits for something outside, such as an approval, and is run again when that has happened.</summary>
    Waiting,

    Succeeded,

    /// <summary>Succeeded without running: an earlier step had equal inputs.</summary>
    Cached,

    /// <summary>Its condition was false, or a step it needs was skipped.</summary>
    Skipped,

    Failed,
}

/// <param name="Cause">What started it; a pipeline runs once for one cause.</param>
public sealed record PipelineRun(
    string Id, string Pipeline, PipelineDefinition Definition, JsonObject Parameters, string Cause, PipelineState State, string? Error,
    long CreatedMs, long? FinishedMs, IReadOnlyList<StepRun> Steps);

public sealed record StepRun(
    string Name, StepState State, int Attempts, string? CacheKey, JsonObject? Inputs, JsonObject? Outputs, string? Error, string? Log,
    long? StartedMs, long? FinishedMs);

/// <summary>Payload of the job <c>pipelines.trigger</c>: lower modules start pipelines by enqueuing it.</summary>
/// <param name="Because">What made the run necessary, such as alerts; lineage leads from there to the run.</param>
public sealed record PipelineTrigger(
    string Pipeline, string Cause, JsonObject? Parameters = null, IReadOnlyList<LineageNode>? Because = null);

/// <summary>What a step is given.</summary>
/// <param name="With">Its inputs, with every reference resolved.</param>
/// <param name="Log">Appends a line to the step's log.</param>
public sealed record StepContext(PipelineRun Run, string Step, JsonObject With, Action<string> Log)
{
    /// <summary>Stable over retries and restarts: the idempotency key of whatever the step creates.</summary>
    public string RequestKey => $"{Run.Id}/{Step}";
}

/// <summary>Runs one step; may run twice after a crash with the same <see cref="StepContext.RequestKey"/>.</summary>
/// <returns>The step's outputs.</returns>
/// <exception cref="StepWaitsException">It cannot go on before something outside has happened.</exception>
public delegate Task<JsonObject> StepHandler(StepContext step, CancellationToken cancel);

/// <param name="Name">As <c>uses</c> names it.</param>
/// <param name="Version">Part of the cache key: raise it when the same inputs give other outputs.</param>
public sealed record StepKind(string Name, int Version, StepHandler Handler);

/// <summary>Thrown by a step that waits; the message says for what.</summary>
public sealed class StepWaitsException(string waitsFor) : Exception(waitsFor);
