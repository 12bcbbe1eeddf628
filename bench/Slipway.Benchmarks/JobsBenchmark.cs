using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;
using Slipway.TestKit;

namespace Slipway.Benchmarks;

/// <summary>
/// Jobs claimed, run and completed per second, on both databases, beside the limit: transactions of one update per second on
/// the same database from as many writers. A job costs one such transaction and its share of a claim.
/// Budget: ≥ 0.2 of the limit, which is two transactions of three statements each for a job that does nothing.
/// </summary>
internal static class JobsBenchmark
{
    private const int Count = 4000;
    private const int Workers = 4;

    public static async Task<bool> RunAsync(CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("slipway-bench-");
        await using var server = new PostgresServer();
        try
        {
            await using (var sqlite = Db.OpenSqlite(Path.Combine(folder.FullName, "slipway.db")))
            {
                await MeasureAsync("SQLite", sqlite, cancel);
            }

            await using var postgres = Db.OpenPostgres(await server.CreateDatabaseAsync(cancel));
            await MeasureAsync("PostgreSQL (fsync off)", postgres, cancel);
            return true;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task MeasureAsync(string engine, Db db, CancellationToken cancel)
    {
        await new Migrator(db, TimeProvider.System).MigrateAsync(cancel);
        var limit = await LimitAsync(db, cancel);
        var options = new JobOptions { Workers = Workers };
        using var jobs = new JobService(db, TimeProvider.System, options);
        var enqueue = Stopwatch.StartNew();
        await db.WriteAsync(
            async session =>
            {
                for (var i = 0; i < Count; i++)
                {
                    await jobs.EnqueueAsync(session, "bench", i, cancel);
                }
            },
            cancel);
        enqueue.Stop();

        var (done, all) = (0, new TaskCompletionSource());
        Task<string?> Handle(Job job, CancellationToken stop)
        {
            if (Interlocked.Increment(ref done) == Count)
            {
                all.SetResult();
            }

            return Task.FromResult<string?>(null);
        }

        using var worker = new JobWorker(
            db, jobs, [new JobKind("bench", Handle)], TimeProvider.System, options, NullLogger<JobWorker>.Instance);
        var run = Stopwatch.StartNew();
        await worker.StartAsync(cancel);
        await all.Task;
        await worker.StopAsync(cancel);
        run.Stop();
        var perSecond = Count / run.Elapsed.TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"jobs  {engine,-22} {perSecond,8:0} jobs/s with {Workers} workers; enqueued {Count / enqueue.Elapsed.TotalSeconds:0}/s in one transaction; one-update transactions {limit:0}/s; ratio {perSecond / limit:0.00}"));
    }

    private static async Task<double> LimitAsync(Db db, CancellationToken cancel)
    {
        await db.ExecuteAsync("create table bench_rows (id bigint primary key, n bigint not null)", null, cancel);
        for (var i = 0; i < Workers; i++)
        {
            var id = i;
            await db.ExecuteAsync("insert into bench_rows (id, n) values (@id, 0)", c => c.With("id", id), cancel);
        }

        const int each = Count / Workers;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(id => Task.Run(
            async () =>
            {
                for (var i = 0; i < each; i++)
                {
                    await db.ExecuteAsync("update bench_rows set n = n + 1 where id = @id", c => c.With("id", id), cancel);
                }
            },
            cancel)));
        return each * Workers / watch.Elapsed.TotalSeconds;
    }
}
