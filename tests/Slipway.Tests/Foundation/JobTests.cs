using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;
using Slipway.TestKit;

namespace Slipway.Tests.Foundation;

public abstract class JobContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly JobOptions Quick = new() { Poll = TimeSpan.FromMilliseconds(20), RetryBase = TimeSpan.FromMilliseconds(1), MaxAttempts = 3 };

    private JobService Jobs { get; set; } = null!;

    protected override Task PrepareAsync()
    {
        Jobs = new JobService(Db, TimeProvider.System, Quick);
        return Task.CompletedTask;
    }

    private JobWorker Worker(JobHandler handler, JobOptions? options = null, Db? db = null) => new(
        db ?? Db, Jobs, [new JobKind("test", handler)], TimeProvider.System, options ?? Quick, NullLogger<JobWorker>.Instance);

    private async Task<Job> UntilAsync(string id, JobState state)
    {
        while (true)
        {
            var job = await Jobs.GetAsync(id, Cancel);
            if (job.State == state)
            {
                return job;
            }

            await Task.Delay(5, Cancel);
        }
    }

    [Fact]
    public async Task A_job_runs_with_its_payload_and_keeps_its_result()
    {
        using var worker = Worker((job, _) => Task.FromResult<string?>($"\"{job.Payload}\""));
        await worker.StartAsync(Cancel);
        var id = await Jobs.EnqueueAsync("test", 42, Cancel);
        var done = await UntilAsync(id!, JobState.Succeeded);
        Assert.Equal("\"42\"", done.Result);
        Assert.Equal(1, done.Attempts);
        await worker.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_job_of_a_transaction_that_rolled_back_never_runs()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Db.WriteAsync(
            async session =>
            {
                await Jobs.EnqueueAsync(session, "test", 1, Cancel);
                throw new InvalidOperationException();
            },
            Cancel));
        Assert.Empty(await Jobs.ListAsync(null, null, 10, Cancel));
    }

    [Fact]
    public async Task A_dedupe_key_is_enqueued_once()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Jobs.EnqueueAsync("test", 1, Cancel, "cause-7")));
        Assert.Single(ids, id => id is not null);
    }

    [Fact]
    public async Task A_job_that_keeps_failing_is_tried_three_times_and_then_waits_as_a_dead_letter()
    {
        var attempts = 0;
        using var worker = Worker((_, _) => throw new IOException($"try {Interlocked.Increment(ref attempts)}"));
        await worker.StartAsync(Cancel);
        var id = await Jobs.EnqueueAsync("test", 1, Cancel);
        var dead = await UntilAsync(id!, JobState.Dead);
        Assert.Equal((3, "try 3"), (attempts, dead.LastError));

        await Jobs.RequeueAsync(id!, Cancel);
        Assert.Equal("try 6", (await UntilAsync(id!, JobState.Dead)).LastError);
        await worker.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_job_that_can_never_succeed_is_not_tried_again()
    {
        using var worker = Worker((_, _) => throw SlipwayException.Invalid("no such thing"));
        await worker.StartAsync(Cancel);
        var id = await Jobs.EnqueueAsync("test", 1, Cancel);
        Assert.Equal(1, (await UntilAsync(id!, JobState.Dead)).Attempts);
        await worker.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_job_runs_not_before_its_time()
    {
        using var worker = Worker((_, _) => Task.FromResult<string?>(null));
        await worker.StartAsync(Cancel);
        var later = await Jobs.EnqueueAsync("test", 1, Cancel, runAt: TimeProvider.System.GetUtcNow().AddHours(1));
        var now = await Jobs.EnqueueAsync("test", 1, Cancel);
        await UntilAsync(now!, JobState.Succeeded);
        Assert.Equal(JobState.Queued, (await Jobs.GetAsync(later!, Cancel)).State);
        await worker.StopAsync(Cancel);
    }

    [Fact]
    public async Task Two_servers_share_a_thousand_jobs_and_none_runs_twice()
    {
        await using var other = OpenAgain();
        var runs = new ConcurrentDictionary<string, int>();
        Task<string?> Count(Job job, CancellationToken cancel)
        {
            runs.AddOrUpdate(job.Id, 1, (_, n) => n + 1);
            return Task.FromResult<string?>(null);
        }

        await Db.WriteAsync(
            async session =>
            {
                for (var i = 0; i < 1000; i++)
                {
                    await Jobs.EnqueueAsync(session, "test", i, Cancel);
                }
            },
            Cancel);
        using var first = Worker(Count);
        using var second = Worker(Count, db: other);
        await Task.WhenAll(first.StartAsync(Cancel), second.StartAsync(Cancel));
        while ((await Jobs.ListAsync(JobState.Succeeded, null, 1000, Cancel)).Count < 1000)
        {
            await Task.Delay(10, Cancel);
        }

        Assert.Equal(1000, runs.Count);
        Assert.All(runs.Values, n => Assert.Equal(1, n));
        await Task.WhenAll(first.StopAsync(Cancel), second.StopAsync(Cancel));
    }

    [Fact]
    public async Task The_job_of_a_server_that_died_runs_again_when_its_lease_ends()
    {
        var id = await Jobs.EnqueueAsync("test", 1, Cancel);
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var claimed = await Db.WriteAsync(s => JobStore.ClaimAsync(s, "dead server", now, now + 50, 10, Cancel), Cancel);
        Assert.Equal(id, Assert.Single(claimed).Id);

        using var worker = Worker((_, _) => Task.FromResult<string?>(null));
        await worker.StartAsync(Cancel);
        Assert.Equal(2, (await UntilAsync(id!, JobState.Succeeded)).Attempts);

        // The dead server comes back from a long pause: its finish is fenced off.
        Assert.Equal(0, await Db.WriteAsync(
            s => JobStore.FinishAsync(s, claimed[0], "dead server", JobState.Dead, null, "late", now, now, Cancel), Cancel));
        await worker.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_long_job_keeps_its_lease()
    {
        var release = new TaskCompletionSource();
        var runs = 0;
        var options = Quick with { Lease = TimeSpan.FromSeconds(1) };
        using var worker = Worker(
            async (_, cancel) =>
            {
                Interlocked.Increment(ref runs);
                await release.Task.WaitAsync(cancel);
                return null;
            },
            options);
        await worker.StartAsync(Cancel);
        var id = await Jobs.EnqueueAsync("test", 1, Cancel);

        // Wait until the lease was extended several times past its first end.
        var first = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        while (await Db.FirstAsync("select coalesce(max(lease_until_ms), 0) from jobs", null, row => row.GetInt64(0), Cancel) < first + 2500)
        {
            await Task.Delay(10, Cancel);
        }

        release.SetResult();
        await UntilAsync(id!, JobState.Succeeded);
        Assert.Equal(1, runs);
        await worker.StopAsync(Cancel);
    }

    [Fact]
    public async Task Stopping_gives_back_what_was_interrupted()
    {
        var started = new TaskCompletionSource();
        using var worker = Worker(async (_, cancel) =>
        {
            started.SetResult();
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        });
        await worker.StartAsync(Cancel);
        var id = await Jobs.EnqueueAsync("test", 1, Cancel);
        await started.Task.WaitAsync(Cancel);
        await worker.StopAsync(Cancel);
        Assert.Equal(JobState.Queued, (await Jobs.GetAsync(id!, Cancel)).State);
    }
}

public sealed class JobsOnSqlite() : JobContract(null);

public sealed class JobsOnPostgres(PostgresServer postgres) : JobContract(postgres);
