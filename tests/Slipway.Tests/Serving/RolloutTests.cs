using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Registry;
using Slipway.Platform.Serving;
using Slipway.Platform.Serving.Predictions;
using Slipway.Platform.Serving.Rollouts;

namespace Slipway.Tests.Serving;

/// <summary>x is 0 or 1 and so is the outcome: Echo is always right (loss 0), Inverse always wrong (loss 1).</summary>
public abstract class RolloutContract(PostgresServer? postgres) : OnServing(postgres)
{
    private static readonly CanaryPlan Plan = new() { Steps = [20, 50], MinOutcomesPerStep = 1000, Margin = 0.3 };

    private int sent;

    private async Task<ModelVersion> BeginAsync(byte[] champion, byte[] challenger, CanaryPlan? plan = null, string? approval = null)
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(champion));
        var version = await Kit.RegisterAsync(challenger);
        approval = approval == "approve" ? await Kit.ApproveAsync(version) : approval;
        await Kit.Rollouts.StartAsync("live", version.Version.ToString(), plan ?? Plan, ServingKit.Carl, "drift alert 7", Cancel, approval);
        return version;
    }

    /// <summary>Predicts n rows and reports their outcomes.</summary>
    private async Task<Outcome[]> TrafficAsync(int n, ServingKit? server = null)
    {
        server ??= Kit;
        double[] x = [.. Enumerable.Range(0, n).Select(i => (double)(i % 2))];
        string[] ids = [.. x.Select(_ => $"p{sent++}")];
        await server.PredictAsync(x, r => r with { Ids = ids });
        await server.Log.FlushAsync(Cancel);
        Outcome[] outcomes = [.. ids.Select((id, i) => new Outcome(id, x[i]))];
        await server.Feedback.RecordAsync(outcomes, replace: false, Cancel);
        return outcomes;
    }

    private async Task<Rollout> UntilDecidedAsync(int rows = 200)
    {
        for (var i = 0; i < 100; i++)
        {
            await TrafficAsync(rows);
            if (await Kit.Rollouts.EvaluateAsync("live", Cancel) is { State: not RolloutState.Running } ended)
            {
                return ended;
            }
        }

        throw new InvalidOperationException("The canary did not end.");
    }

    private static long Outcomes(Rollout rollout) => rollout.Evidence.Sum(step => step.Losses.A.Count + step.Losses.B.Count);

    [Fact]
    public async Task A_better_challenger_is_promoted_step_by_step()
    {
        var version = await BeginAsync(TestModels.Inverse, TestModels.Echo, approval: "approve");

        var ended = await UntilDecidedAsync();

        Assert.Equal((RolloutState.Promoted, 1), (ended.State, ended.Step));
        Assert.Equal([20, 50], ended.Evidence.Select(step => step.Share));
        Assert.Contains("below the margin 0.3", ended.Reason, StringComparison.Ordinal);
        var endpoint = await Kit.Serving.GetAsync("live", Cancel);
        Assert.Equal([new Variant(version.Version.ToString(), 100, VariantRole.Champion)], endpoint.Variants);
        Assert.Null(endpoint.Rollout);
        Assert.All((await Kit.PredictAsync([1, 0])).Predictions, p => Assert.Equal("1.1.0", p.Version));

        var registry = Kit.Get<RegistryService>();
        Assert.Equal(Stage.Production, (await registry.GetVersionAsync("echo", "1.1.0", Cancel)).Stage);
        Assert.Equal("1.1.0", (await registry.GetVersionAsync("echo", "champion", Cancel)).Version.ToString());
        var audit = await Kit.Get<AuditLog>().ListAsync("endpoint/live", null, null, 10, Cancel);
        Assert.Equal(["canary.promote", "canary.advance", "canary.start", "endpoint.deploy"], audit.Items.Select(a => a.Action));
    }

    [Fact]
    public async Task A_harmful_challenger_is_rolled_back_with_the_numbers()
    {
        await BeginAsync(TestModels.Echo, TestModels.Inverse);

        var ended = await UntilDecidedAsync();

        Assert.Equal((RolloutState.RolledBack, 0), (ended.State, ended.Step));
        Assert.StartsWith("Step 1 of 2 (20 %): mean Brier loss of the champion 0 (n = ", ended.Reason, StringComparison.Ordinal);
        Assert.EndsWith("The challenger is worse.", ended.Reason, StringComparison.Ordinal);
        Assert.NotNull(ended.FinishedMs);
        Assert.Equal([new Variant("1.0.0", 100, VariantRole.Champion)], (await Kit.Serving.GetAsync("live", Cancel)).Variants);
        Assert.Equal(Stage.Staging, (await Kit.Get<RegistryService>().GetVersionAsync("echo", "1.1.0", Cancel)).Stage);

        // What was queued for it is gone, and looking again finds nothing to do.
        Assert.Null(await Kit.Rollouts.EvaluateAsync("live", Cancel));
        Assert.Equal(0, await Db.FirstAsync("select count(*) from uncounted_outcomes", null, row => row.GetInt64(0), Cancel));
    }

    [Fact]
    public async Task Each_outcome_counts_once_however_often_it_is_sent_and_looked_at()
    {
        await BeginAsync(TestModels.Inverse, TestModels.Inverse, Plan with { Margin = 1e-6 });
        var outcomes = await TrafficAsync(100);
        var looks = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Kit.Rollouts.EvaluateAsync("live", Cancel)));
        await Kit.Feedback.RecordAsync(outcomes, replace: false, Cancel);
        var after = await Kit.Rollouts.EvaluateAsync("live", Cancel);

        Assert.Equal(100, Outcomes(after!));
        Assert.Equal(after!.Evidence, (await Kit.Rollouts.EvaluateAsync("live", Cancel))!.Evidence);
        Assert.All(looks, look => Assert.Equal(100, Outcomes(look!)));
        var challengers = await Db.FirstAsync(
            "select count(*) from predictions where role = 'challenger'", null, row => row.GetInt64(0), Cancel);
        Assert.Equal(challengers, after.Evidence[0].Losses.B.Count);
        Assert.Equal((challengers, 100 - challengers), (after.Evidence[0].Losses.B.Sum, after.Evidence[0].Losses.A.Sum));
    }

    [Fact]
    public async Task An_outcome_before_its_prediction_is_counted_when_that_arrives()
    {
        await BeginAsync(TestModels.Inverse, TestModels.Echo);
        await Kit.Feedback.RecordAsync([new Outcome("early", 1), new Outcome("never", 1)], replace: false, Cancel);
        Assert.Equal(0, Outcomes((await Kit.Rollouts.EvaluateAsync("live", Cancel))!));

        await Kit.PredictAsync([1], r => r with { Ids = ["early"] });
        await Kit.Log.FlushAsync(Cancel);

        Assert.Equal(1, Outcomes((await Kit.Rollouts.EvaluateAsync("live", Cancel))!));
    }

    [Fact]
    public async Task Another_server_goes_on_where_one_died()
    {
        await BeginAsync(TestModels.Echo, TestModels.Echo, Plan with { Margin = 1e-6 });
        await TrafficAsync(60);
        await Kit.Rollouts.EvaluateAsync("live", Cancel);
        await TrafficAsync(40);

        // It dies between the feedback and the look at it.
        await using var database = OpenAgain();
        await using var other = await ServingKit.StartAsync(database, Folder.Combine("blobs"), Time);

        Assert.Equal(100, Outcomes((await other.Rollouts.EvaluateAsync("live", Cancel))!));
        await TrafficAsync(50, other);
        Assert.Equal(150, Outcomes((await other.Rollouts.EvaluateAsync("live", Cancel))!));
    }

    [Fact]
    public async Task A_challenger_that_fails_is_rolled_back_before_any_outcome()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Logistic([1], 0)));
        await Kit.RegisterAsync(TestModels.Brittle);
        await Kit.Rollouts.StartAsync("live", "1.1.0", Plan, ServingKit.Carl, "", Cancel);

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(100, (await Kit.PredictAsync([.. Enumerable.Repeat(2.0, 100)])).Predictions.Count);
        }

        await Kit.Log.FlushAsync(Cancel);
        var ended = await Kit.Rollouts.EvaluateAsync("live", Cancel);

        Assert.Equal(RolloutState.RolledBack, ended!.State);
        Assert.Contains("the challenger failed on", ended.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Traffic_that_does_not_arrive_as_planned_ends_the_comparison()
    {
        await BeginAsync(TestModels.Inverse, TestModels.Echo, Plan with { Steps = [50] });
        var revision = (await Kit.Serving.GetAsync("live", Cancel)).Revision;

        // A defect between the split and the log: whatever the challenger answered is lost.
        LoggedPrediction[] kept = [.. Enumerable.Range(0, 200).Select(i => new LoggedPrediction(
            $"kept{i}", "1.0.0", VariantRole.Champion, 0, 0, 0.5, false, [], 0, null))];
        await Kit.Log.WriteDurablyAsync(new LogEntry("live", revision, kept, [], IsCanary: true), Cancel);
        var ended = await Kit.Rollouts.EvaluateAsync("live", Cancel);

        Assert.Equal(RolloutState.RolledBack, ended!.State);
        Assert.Contains("sample ratio mismatch: the champion got 200 and the challenger 0 units", ended.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_busy_user_is_one_unit_of_the_split()
    {
        await BeginAsync(TestModels.Echo, TestModels.Echo, Plan with { Steps = [50] });

        for (var i = 0; i < 3; i++)
        {
            await Kit.PredictAsync(new double[500], r => r with { Keys = [.. Enumerable.Repeat("busy", 500)] });
        }

        await Kit.Log.FlushAsync(Cancel);
        var step = (await Kit.Rollouts.EvaluateAsync("live", Cancel))!.Evidence[0];

        Assert.Equal(1, step.ChampionUnits + step.ChallengerUnits);
        Assert.Equal(1500, step.Failures.A.Count + step.Failures.B.Count);
    }

    [Fact]
    public async Task Equal_versions_end_undecided_when_the_outcomes_are_used_up()
    {
        await BeginAsync(TestModels.Echo, TestModels.Echo, Plan with { Steps = [50], Margin = 1e-6, MaxOutcomes = 600 });

        var ended = await UntilDecidedAsync();

        Assert.Equal(RolloutState.RolledBack, ended.State);
        Assert.EndsWith("Undecided after 600 outcomes, the plan's maximum is 600.", ended.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_else_moves_the_traffic_of_a_canary_but_a_rollback_by_hand()
    {
        await BeginAsync(TestModels.Echo, TestModels.Inverse);

        var deploy = await Assert.ThrowsAsync<SlipwayException>(() => Kit.Serving.DeployAsync("live", "echo", "1.0.0", ServingKit.Carl, "", Cancel));
        var second = await Assert.ThrowsAsync<SlipwayException>(
            () => Kit.Rollouts.StartAsync("live", "1.1.0", Plan, ServingKit.Carl, "", Cancel));
        var back = await Kit.Serving.RollbackAsync("live", ServingKit.Ann, "the pager rang", Cancel);

        Assert.Equal((ErrorKind.FailedPrecondition, ErrorKind.FailedPrecondition), (deploy.Kind, second.Kind));
        Assert.Equal([new Variant("1.0.0", 100, VariantRole.Champion)], back.Variants);
        var ended = await Kit.Rollouts.GetAsync("live", Cancel);
        Assert.Equal((RolloutState.RolledBack, "Ended by ann: the pager rang"), (ended.State, ended.Reason));
    }

    [Fact]
    public async Task Feedback_and_traffic_ask_for_a_look_once_a_second()
    {
        await BeginAsync(TestModels.Inverse, TestModels.Echo);
        await TrafficAsync(20);
        await TrafficAsync(20);

        var jobs = (await Kit.Get<JobService>().ListAsync(JobState.Queued, null, 100, Cancel)).Where(job => job.Kind == "serving.canary").ToList();

        var job = Assert.Single(jobs);
        Assert.Equal(Time.GetUtcNow().AddSeconds(2).ToUnixTimeMilliseconds(), job.RunAtMs);
        Assert.Contains("running", await Kit.Rollouts.RunJobAsync(job, Cancel), StringComparison.Ordinal);
        Assert.Equal(40, Outcomes(await Kit.Rollouts.GetAsync("live", Cancel)));
    }

    [Fact]
    public async Task A_canary_by_event_time_looks_only_when_it_is_asked()
    {
        await BeginAsync(TestModels.Inverse, TestModels.Echo, Plan with { Clock = CanaryClock.Event });
        await TrafficAsync(200);
        var job = (await Kit.Get<JobService>().ListAsync(JobState.Queued, null, 100, Cancel)).First(job => job.Kind == "serving.canary");

        Assert.Null(await Kit.Rollouts.RunJobAsync(job, Cancel));
        Assert.Equal(0, Outcomes(await Kit.Rollouts.GetAsync("live", Cancel)));

        Assert.Equal(200, Outcomes((await Kit.Rollouts.EvaluateAsync("live", Cancel))!));
    }

    [Fact]
    public async Task A_promotion_that_the_registry_refuses_waits_and_says_so()
    {
        await BeginAsync(TestModels.Inverse, TestModels.Echo, Plan with { Steps = [50] }, "approve");
        await Kit.Get<RegistryService>().TransitionAsync(ServingKit.Carl, "echo", "1.1.0", Stage.Archived, Cancel);

        await TrafficAsync(400);
        var waiting = await Kit.Rollouts.EvaluateAsync("live", Cancel);

        Assert.Equal(RolloutState.Running, waiting!.State);
        Assert.StartsWith("It has earned promotion, which is refused: model/echo/1.1.0 is in archived", waiting.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_canary_that_could_never_be_promoted_does_not_begin()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo));
        var version = await Kit.RegisterAsync(TestModels.Inverse);
        var pending = await Kit.Get<ApprovalService>().RequestAsync(ServingKit.Carl, version.Ref, StageRules.PromoteToProduction, "", Cancel);

        var unapproved = await Assert.ThrowsAsync<SlipwayException>(
            () => Kit.Rollouts.StartAsync("live", "1.1.0", Plan, ServingKit.Carl, "", Cancel, pending));
        var same = await Assert.ThrowsAsync<SlipwayException>(
            () => Kit.Rollouts.StartAsync("live", "1.0.0", Plan, ServingKit.Carl, "", Cancel));

        Assert.Equal((ErrorKind.FailedPrecondition, ErrorKind.FailedPrecondition), (unapproved.Kind, same.Kind));
        Assert.Null((await Kit.Serving.GetAsync("live", Cancel)).Rollout);
    }
}

public sealed class RolloutsOnSqlite() : RolloutContract(null);

public sealed class RolloutsOnPostgres(PostgresServer postgres) : RolloutContract(postgres);
