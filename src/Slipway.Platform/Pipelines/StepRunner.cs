using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Pipelines;

/// <summary>Runs one step: resolves its inputs, asks the cache, runs the handler with timeout and retries, stores what came of it.</summary>
public sealed partial class StepRunner(Db db, IEnumerable<StepKind> kinds, TimeProvider time, ILogger<StepRunner> log)
{
    private const int MaxLog = 200_000;
    private static readonly ActivitySource Activity = new("Slipway.Pipelines");

    private readonly Dictionary<string, StepKind> kinds = kinds.ToDictionary(k => k.Name, StringComparer.Ordinal);

    /// <summary>What references resolve against.</summary>
    internal static JsonObject Scope(PipelineRun run) => new()
    {
        ["parameters"] = run.Parameters.DeepClone(),
        ["run"] = new JsonObject { ["id"] = run.Id, ["pipeline"] = run.Pipeline, ["cause"] = run.Cause },
        ["steps"] = new JsonObject(run.Steps.Where(s => s.Outputs is not null)
            .Select(s => KeyValuePair.Create(s.Name, (JsonNode?)s.Outputs!.DeepClone()))),
    };

    internal Task SkipAsync(PipelineRun run, string step, CancellationToken cancel) =>
        StoreAsync(run, run.Steps.Single(s => s.Name == step) with { State = StepState.Skipped, FinishedMs = Now() }, cancel);

    internal async Task RunAsync(PipelineRun run, StepDefinition definition, CancellationToken cancel)
    {
        using var trace = Activity.StartActivity("pipeline.step");
        trace?.SetTag("slipway.pipeline.step", definition.Name);
        var state = run.Steps.Single(s => s.Name == definition.Name) with { StartedMs = Now(), FinishedMs = null, Error = null };
        try
        {
            var kind = kinds[definition.Uses];
            var inputs = (JsonObject)References.Resolve(definition.With, Scope(run))!;
            var key = definition.Cache ? CacheKey(kind, inputs) : null;
            state = state with { Inputs = inputs, CacheKey = key };
            if (key is not null && await db.ReadAsync(s => PipelineStore.CachedAsync(s, key, cancel), cancel) is { } cached)
            {
                await StoreAsync(run, state with { State = StepState.Cached, Outputs = cached, FinishedMs = Now() }, cancel);
                return;
            }

            await AttemptAsync(run, definition, kind, state, cancel);
        }
        catch (Exception failure) when (failure is SlipwayException or KeyNotFoundException)
        {
            await StoreAsync(run, state with { State = StepState.Failed, Error = failure.Message, FinishedMs = Now() }, cancel);
        }
    }

    private async Task AttemptAsync(PipelineRun run, StepDefinition definition, StepKind kind, StepRun state, CancellationToken cancel)
    {
        var lines = new StringBuilder(state.Log);
        for (var tries = 0; ; tries++)
        {
            state = state with { State = StepState.Running, Attempts = state.Attempts + 1 };
            await StoreAsync(run, state, cancel);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(definition.Timeout);
            try
            {
                var context = new StepContext(run, definition.Name, state.Inputs!, line => Append(lines, line));
                var outputs = await kind.Handler(context, limit.Token);
                await StoreAsync(run, Ended(state, StepState.Succeeded, lines, null) with { Outputs = outputs }, cancel);
                return;
            }
            catch (StepWaitsException waits)
            {
                await StoreAsync(run, Ended(state, StepState.Waiting, lines, waits.Message) with { FinishedMs = null }, cancel);
                return;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                throw; // the job goes on elsewhere, or after the restart
            }
            catch (Exception failure)
            {
                var error = failure is OperationCanceledException ? $"It took longer than its timeout of {definition.Timeout}." : failure.Message;
                Append(lines, $"attempt {state.Attempts} failed: {error}");
                if (tries >= definition.Retries || failure is SlipwayException { Kind: ErrorKind.Invalid or ErrorKind.NotFound })
                {
                    Report(failure, definition.Name, run);
                    await StoreAsync(run, Ended(state, StepState.Failed, lines, error), cancel);
                    return;
                }
            }

            await Task.Delay(TimeSpan.FromSeconds(Math.Min(60, Math.Pow(2, tries))), time, cancel);
        }
    }

    private void Report(Exception failure, string step, PipelineRun run)
    {
        if (failure is SlipwayException or OperationCanceledException)
        {
            LogFailed(step, run.Pipeline, run.Id, failure.Message);
        }
        else
        {
            LogBroken(failure, step, run.Pipeline, run.Id);
        }
    }

    private StepRun Ended(StepRun state, StepState end, StringBuilder lines, string? error)
    {
        lock (lines)
        {
            return state with { State = end, Error = error, Log = lines.ToString(), FinishedMs = Now() };
        }
    }

    private void Append(StringBuilder lines, string line)
    {
        lock (lines)
        {
            if (lines.Length < MaxLog)
            {
                lines.Append(CultureInfo.InvariantCulture, $"{time.GetUtcNow():HH:mm:ss.fff} {line}\n");
            }
        }
    }

    /// <summary>The kind, its version and the resolved inputs; files count by the digests that the steps before passed on.</summary>
    private static string CacheKey(StepKind kind, JsonObject inputs)
    {
        var text = $"{kind.Name}\n{kind.Version}\n{inputs.ToJsonString()}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    private Task StoreAsync(PipelineRun run, StepRun step, CancellationToken cancel) =>
        db.WriteAsync(s => PipelineStore.SetStepAsync(s, run.Id, step, cancel), cancel);

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    [LoggerMessage(8001, LogLevel.Error, "Step {Step} of pipeline {Pipeline} failed in run {Run}")]
    private partial void LogBroken(Exception failure, string step, string pipeline, string run);

    [LoggerMessage(8002, LogLevel.Warning, "Step {Step} of pipeline {Pipeline} failed in run {Run}: {Reason}")]
    private partial void LogFailed(string step, string pipeline, string run, string reason);
}
