using System.Diagnostics;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Pipelines;

/// <summary>
/// Carries a run from where it stands to its end. Each step's state is stored before and after it runs, so a run that was
/// killed goes on with the steps that had not ended.
/// </summary>
public sealed class PipelineRunner(Db db, StepRunner steps, TimeProvider time)
{
    private const int Parallel = 2;
    private static readonly ActivitySource Activity = new("Slipway.Pipelines");

    /// <summary>The handler of the job <see cref="PipelineService.RunJob"/>.</summary>
    public async Task<PipelineState> RunAsync(string runId, CancellationToken cancel)
    {
        using var trace = Activity.StartActivity("pipeline.run");
        trace?.SetTag("slipway.pipeline.run", runId);
        var running = new Dictionary<string, Task>(StringComparer.Ordinal);
        var looked = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            var run = await db.ReadAsync(s => PipelineStore.FindRunAsync(s, runId, cancel), cancel);
            if (run is null || run.State is PipelineState.Succeeded or PipelineState.Failed)
            {
                return run?.State ?? PipelineState.Failed;
            }

            foreach (var step in await ReadyAsync(run, looked, Parallel - running.Count, cancel))
            {
                looked.Add(step.Name);
                running[step.Name] = steps.RunAsync(run, step, cancel);
            }

            if (running.Count == 0)
            {
                if (await SettleAsync(run, cancel) is { } settled)
                {
                    return settled;
                }

                looked.Clear();
                continue;
            }

            await Task.WhenAny(running.Values);
            foreach (var (name, task) in running.Where(r => r.Value.IsCompleted).ToList())
            {
                running.Remove(name);
                await task;
            }
        }
    }

    /// <summary>Steps whose needs have ended and that this call has not looked at. What lies behind a false condition is skipped.</summary>
    private async Task<List<StepDefinition>> ReadyAsync(PipelineRun run, HashSet<string> looked, int free, CancellationToken cancel)
    {
        var states = run.Steps.ToDictionary(s => s.Name, s => s.State, StringComparer.Ordinal);
        var ready = new List<StepDefinition>();
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var step in run.Definition.Steps.Where(s => !looked.Contains(s.Name) && IsOpen(states[s.Name]) && !ready.Contains(s)))
            {
                var needs = PipelineGraph.Needs(step).Select(n => states[n]).ToList();
                if (needs.Contains(StepState.Skipped) || (needs.All(Ended) && !Holds(run, step)))
                {
                    states[step.Name] = StepState.Skipped;
                    await steps.SkipAsync(run, step.Name, cancel);
                    changed = true; // steps before it in the list may depend on it
                }
                else if (needs.All(Ended) && ready.Count < free && !states.ContainsValue(StepState.Failed))
                {
                    ready.Add(step);
                }
            }
        }

        return ready;
    }

    /// <summary>A step marked running that nobody runs was cut off by a crash.</summary>
    private static bool IsOpen(StepState state) => state is StepState.Pending or StepState.Running or StepState.Waiting;

    private static bool Ended(StepState state) => state is StepState.Succeeded or StepState.Cached;

    private static bool Holds(PipelineRun run, StepDefinition step) => step.When is null || References.Holds(step.When, StepRunner.Scope(run));

    /// <returns>The state the run rests in, or null when it is to be looked at once more.</returns>
    private async Task<PipelineState?> SettleAsync(PipelineRun run, CancellationToken cancel)
    {
        var failed = run.Steps.FirstOrDefault(s => s.State == StepState.Failed);
        var waiting = run.Steps.FirstOrDefault(s => s.State == StepState.Waiting);
        var (state, error) = failed is not null ? (PipelineState.Failed, $"Step '{failed.Name}' failed: {failed.Error}")
            : waiting is not null ? (PipelineState.Waiting, $"Step '{waiting.Name}' waits: {waiting.Error}")
            : (PipelineState.Succeeded, null);
        if (state == PipelineState.Waiting && run.State == PipelineState.Waiting)
        {
            return state;
        }

        long? finished = state == PipelineState.Waiting ? null : time.GetUtcNow().ToUnixTimeMilliseconds();
        await db.WriteAsync(s => PipelineStore.SetRunAsync(s, run.Id, state, error, finished, cancel), cancel);

        // What it waits for may have happened before others could see that it waits, so it looks again after saying so.
        return state == PipelineState.Waiting ? null : state;
    }
}
