using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Pipelines;
using Slipway.Platform.Registry;
using Slipway.TestKit;

namespace Slipway.Tests.Pipelines;

public abstract class PipelineContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private const string Diamond = """
        pipeline: diamond
        parameters: {start: 1}
        steps:
          - {name: a, uses: add, with: {to: "${parameters.start}"}}
          - {name: b, uses: add, with: {to: "${steps.a.sum}"}}
          - {name: c, uses: add, with: {to: "${steps.a.sum}"}}
          - {name: d, uses: add, with: {to: "${steps.b.sum}", note: "c is ${steps.c.sum}"}}
        """;

    private readonly ConcurrentQueue<string> ran = [];
    private readonly Dictionary<string, StepHandler> handlers = [];
    private PipelineService pipelines = null!;
    private LineageService lineage = null!;
    private PipelineRunner runner = null!;

    protected override Task PrepareAsync()
    {
        handlers["add"] = (step, _) => Task.FromResult(new JsonObject { ["sum"] = step.With["to"]!.GetValue<int>() + 1, ["note"] = step.With["note"]?.DeepClone() });
        handlers["maybe"] = (_, _) => Task.FromResult(new JsonObject { ["passed"] = false });
        handlers["fail"] = (_, _) => throw new IOException("the disk went away");
        handlers["wait"] = (_, _) => throw new StepWaitsException("an approval");
        lineage = new LineageService(Db, new AccessService(), TimeProvider.System);
        (pipelines, runner) = Process();
        return Task.CompletedTask;
    }

    /// <summary>What a process would have after a start.</summary>
    private (PipelineService Pipelines, PipelineRunner Runner) Process()
    {
        var kinds = handlers.Keys.Select(name => new StepKind(name, 1, (step, cancel) =>
        {
            ran.Enqueue(step.Step);
            return handlers[name](step, cancel);
        })).ToList();
        var jobs = new JobService(Db, TimeProvider.System, new JobOptions());
        return (
            new PipelineService(Db, jobs, new ScheduleService(Db, jobs, TimeProvider.System), lineage, kinds, TimeProvider.System),
            new PipelineRunner(Db, new StepRunner(Db, kinds, TimeProvider.System, NullLogger<StepRunner>.Instance), TimeProvider.System));
    }

    private async Task<string> StartAsync(string yaml, string cause = "test", JsonObject? parameters = null)
    {
        var definition = PipelineYaml.Parse(yaml, "test.yaml");
        await pipelines.PutAsync(definition, Cancel);
        return await pipelines.StartAsync(definition.Name, cause, parameters, Cancel);
    }

    [Fact]
    public async Task Outputs_flow_along_the_graph()
    {
        var id = await StartAsync(Diamond, parameters: new JsonObject { ["start"] = 10 });
        Assert.Equal(PipelineState.Succeeded, await runner.RunAsync(id, Cancel));
        var run = await pipelines.GetRunAsync(id, Cancel);
        Assert.Equal([11, 12, 12, 13], run.Steps.Select(s => s.Outputs!["sum"]!.GetValue<int>()));
        Assert.Equal("c is 12", run.Steps[3].Outputs!["note"]!.GetValue<string>());
        Assert.Equal(("a", "d"), (ran.First(), ran.Last()));
    }

    [Fact]
    public async Task A_pipeline_runs_once_for_one_cause()
    {
        var first = await StartAsync(Diamond, "drift:1");
        Assert.Equal(first, await StartAsync(Diamond, "drift:1"));
        Assert.NotEqual(first, await StartAsync(Diamond, "drift:2"));
    }

    [Fact]
    public async Task A_run_is_found_from_the_alerts_that_started_it_and_they_from_the_run()
    {
        await pipelines.PutAsync(PipelineYaml.Parse(Diamond, "test.yaml"), Cancel);
        LineageNode[] alerts = [LineageNode.Alert("a1"), LineageNode.Alert("a2")];
        var id = await pipelines.StartAsync("diamond", "drift:1", null, Cancel, alerts);
        await pipelines.StartAsync("diamond", "drift:1", null, Cancel, alerts);
        var graph = await lineage.TraceAsync(LineageNode.PipelineRun(id), LineageDirection.Upstream, 1, Cancel);
        Assert.Equal(
            alerts.Select(alert => (alert, LineageNode.PipelineRun(id), "started")), graph.Edges.Select(e => (e.From, e.To, e.Relation)));
        Assert.Contains(
            LineageNode.PipelineRun(id), (await lineage.TraceAsync(alerts[0], LineageDirection.Downstream, 1, Cancel)).Nodes);
    }

    [Fact]
    public async Task A_run_that_was_cut_off_goes_on_with_what_had_not_ended()
    {
        using var crash = new CancellationTokenSource();
        handlers["slow"] = async (_, cancel) =>
        {
            await crash.CancelAsync();
            cancel.ThrowIfCancellationRequested();
            return [];
        };
        (pipelines, runner) = Process();
        var id = await StartAsync(
            "{pipeline: p, steps: [{name: a, uses: add, with: {to: 1}}, {name: s, uses: slow, needs: [a]}, {name: z, uses: add, with: {to: 2}, needs: [s]}]}");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runner.RunAsync(id, crash.Token));
        Assert.Equal(StepState.Running, (await pipelines.GetRunAsync(id, Cancel)).Steps[1].State);

        handlers["slow"] = (_, _) => Task.FromResult(new JsonObject());
        var (_, restarted) = Process();
        Assert.Equal(PipelineState.Succeeded, await restarted.RunAsync(id, Cancel));
        Assert.Equal(["a", "s", "s", "z"], ran);
    }

    [Fact]
    public async Task What_lies_behind_a_false_condition_is_skipped()
    {
        var id = await StartAsync("""
            pipeline: gated
            steps:
              - {name: last, uses: add, with: {to: "${steps.deploy.sum}"}}
              - {name: deploy, uses: add, with: {to: 1}, when: "${steps.gate.passed}"}
              - {name: gate, uses: maybe}
            """);
        Assert.Equal(PipelineState.Succeeded, await runner.RunAsync(id, Cancel));
        var run = await pipelines.GetRunAsync(id, Cancel);
        Assert.Equal([StepState.Skipped, StepState.Skipped, StepState.Succeeded], run.Steps.Select(s => s.State));
        Assert.Equal(["gate"], ran);
    }

    [Fact]
    public async Task A_failed_step_fails_the_run_with_its_reason_and_can_be_retried()
    {
        var id = await StartAsync("{pipeline: p, steps: [{name: a, uses: add, with: {to: 1}}, {name: f, uses: fail, needs: [a]}, {name: z, uses: add, with: {to: 1}, needs: [f]}]}");
        Assert.Equal(PipelineState.Failed, await runner.RunAsync(id, Cancel));
        var run = await pipelines.GetRunAsync(id, Cancel);
        Assert.Equal("Step 'f' failed: the disk went away", run.Error);
        Assert.Equal(StepState.Pending, run.Steps[2].State);

        handlers["fail"] = (_, _) => Task.FromResult(new JsonObject());
        await pipelines.RetryAsync(id, Cancel);
        Assert.Equal(PipelineState.Succeeded, await runner.RunAsync(id, Cancel));
        Assert.Equal(["a", "f", "f", "z"], ran);
    }

    [Fact]
    public async Task A_step_is_tried_again_as_often_as_it_says()
    {
        var tries = 0;
        handlers["flaky"] = (_, _) => ++tries < 2 ? throw new IOException("not yet") : Task.FromResult(new JsonObject());
        (pipelines, runner) = Process();
        var id = await StartAsync("{pipeline: p, steps: [{name: f, uses: flaky, retries: 1}]}");
        Assert.Equal(PipelineState.Succeeded, await runner.RunAsync(id, Cancel));
        var step = Assert.Single((await pipelines.GetRunAsync(id, Cancel)).Steps);
        Assert.Equal(2, step.Attempts);
        Assert.Contains("attempt 1 failed: not yet", step.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_waiting_step_rests_until_somebody_resumes_it()
    {
        var id = await StartAsync("{pipeline: p, steps: [{name: w, uses: wait}, {name: z, uses: add, with: {to: 1}, needs: [w]}]}");
        Assert.Equal(PipelineState.Waiting, await runner.RunAsync(id, Cancel));
        Assert.Equal("Step 'w' waits: an approval", (await pipelines.GetRunAsync(id, Cancel)).Error);

        handlers["wait"] = (_, _) => Task.FromResult(new JsonObject());
        await pipelines.ResumeWaitingAsync(Cancel);
        Assert.Equal(PipelineState.Running, (await pipelines.GetRunAsync(id, Cancel)).State);
        Assert.Equal(PipelineState.Succeeded, await runner.RunAsync(id, Cancel));
    }

    [Fact]
    public async Task Equal_inputs_reuse_the_outputs_of_an_earlier_step()
    {
        const string yaml = "{pipeline: p, parameters: {n: 1}, steps: [{name: a, uses: add, cache: true, with: {to: '${parameters.n}'}}]}";
        await runner.RunAsync(await StartAsync(yaml, "1"), Cancel);
        var again = await StartAsync(yaml, "2");
        await runner.RunAsync(again, Cancel);
        var other = await StartAsync(yaml, "3", new JsonObject { ["n"] = 2 });
        await runner.RunAsync(other, Cancel);
        Assert.Equal(StepState.Cached, (await pipelines.GetRunAsync(again, Cancel)).Steps[0].State);
        Assert.Equal(2, (await pipelines.GetRunAsync(again, Cancel)).Steps[0].Outputs!["sum"]!.GetValue<int>());
        Assert.Equal(StepState.Succeeded, (await pipelines.GetRunAsync(other, Cancel)).Steps[0].State);
        Assert.Equal(2, ran.Count);
    }

    [Fact]
    public async Task A_step_that_takes_too_long_fails()
    {
        handlers["slow"] = async (_, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return [];
        };
        (pipelines, runner) = Process();
        var id = await StartAsync("{pipeline: p, steps: [{name: s, uses: slow, timeout: 0.05s}]}");
        Assert.Equal(PipelineState.Failed, await runner.RunAsync(id, Cancel));
        Assert.Contains("longer than its timeout", (await pipelines.GetRunAsync(id, Cancel)).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{pipeline: p, steps: [{name: a, uses: nope}]}", "uses 'nope'; known are add")]
    [InlineData("{pipeline: p, steps: [{name: a, uses: add, needs: [b]}, {name: b, uses: add, needs: [a]}]}", "cycle among the steps a, b")]
    [InlineData("{pipeline: p, steps: [{name: a, uses: add, with: {to: '${steps.x.y}'}}]}", "needs 'x'")]
    [InlineData("{pipeline: p, steps: [{name: a, uses: add, with: {to: '${parameters.x}'}}]}", "refers to '${parameters.x}'")]
    [InlineData("{pipeline: p, steps: [{name: a, uses: add}, {name: a, uses: add}]}", "two steps named 'a'")]
    [InlineData("pipeline: p\nsteps:\n  - {name: a, usse: add}", "test.yaml:3:5: 'uses' is missing")]
    [InlineData("pipeline: p\nsteps:\n  - {name: a, uses: add, wiht: {}}", "test.yaml:3:26: 'wiht' is not a key here")]
    [InlineData("pipeline: [", "test.yaml:2:1:")]
    public async Task A_wrong_pipeline_is_refused_with_the_place_and_the_reason(string yaml, string reason)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => StartAsync(yaml));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Empty(await pipelines.ListAsync(Cancel));
    }

    [Fact]
    public async Task A_parameter_the_pipeline_does_not_have_is_refused()
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => StartAsync(Diamond, parameters: new JsonObject { ["strat"] = 1 }));
        Assert.Contains("has no parameter 'strat'; it has start", error.Message, StringComparison.Ordinal);
    }
}

public sealed class PipelinesOnSqlite() : PipelineContract(null);

public sealed class PipelinesOnPostgres(PostgresServer postgres) : PipelineContract(postgres);
