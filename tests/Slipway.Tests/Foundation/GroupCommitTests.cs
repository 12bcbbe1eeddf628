using System.Data.Common;
using FsCheck;
using FsCheck.Fluent;
using Slipway.Platform.Foundation.Database;
using Slipway.TestKit;

namespace Slipway.Tests.Foundation;

/// <summary>Writers of SQLite that wait for each other share a transaction, and none of them can tell.</summary>
public sealed class GroupCommitTests : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private readonly Db db;
    private readonly AsyncLocal<string?> caller = new();

    /// <summary>All the time there is, so that what waits is one group on a busy machine too.</summary>
    public GroupCommitTests() => db = Db.OpenSqlite(folder.Combine("slipway.db"), TimeSpan.FromMinutes(10));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await db.DisposeAsync();
        folder.Dispose();
    }

    private Task CreateAsync() => db.ExecuteAsync("create table notes (id text primary key, n bigint)", null, Cancel);

    private static Task<int> AddAsync(DbSession session, string id) =>
        session.ExecuteAsync("insert into notes (id) values (@id)", c => c.With("id", id), Cancel);

    private Task<List<string>> IdsAsync() => db.QueryAsync("select id from notes order by id", null, row => row.GetString(0), Cancel);

    /// <summary>Keeps the writer until it is told to go on, so that everything written meanwhile waits.</summary>
    private async Task<(TaskCompletionSource GoOn, Task Held)> HoldAsync()
    {
        var (reached, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var held = db.WriteAsync(
            async _ =>
            {
                reached.SetResult();
                await goOn.Task;
            },
            Cancel);
        await reached.Task;
        return (goOn, held);
    }

    [Fact]
    public async Task A_work_that_fails_takes_back_its_own_and_nobody_elses()
    {
        await CreateAsync();
        var (goOn, held) = await HoldAsync();
        var first = db.WriteAsync(session => AddAsync(session, "first"), Cancel);
        var bug = db.WriteAsync(
            async session =>
            {
                await AddAsync(session, "half-way");
                throw new InvalidOperationException("a bug");
            },
            Cancel);
        var taken = db.WriteAsync(
            async session =>
            {
                await AddAsync(session, "before");
                await AddAsync(session, "first");
            },
            Cancel);
        var last = db.WriteAsync(session => AddAsync(session, "last"), Cancel);
        goOn.SetResult();

        await held;
        await first;
        await last;
        Assert.Equal("a bug", (await Assert.ThrowsAsync<InvalidOperationException>(() => bug)).Message);
        Assert.True(DbErrors.IsDuplicate(await Assert.ThrowsAnyAsync<DbException>(() => taken)));
        Assert.Equal(["first", "last"], await IdsAsync());
    }

    [Fact]
    public async Task Works_run_in_the_order_they_came_and_are_answered_after_the_one_commit()
    {
        await CreateAsync();
        var seen = new List<string>();
        var (goOn, held) = await HoldAsync();
        var writes = Enumerable.Range(1, 3).Select(i => db.WriteAsync(
            async session =>
            {
                session.OnCommitted(() => seen.Add($"{i} committed"));
                seen.Add($"{i} sees {await session.FirstAsync("select count(*) from notes", null, row => row.GetInt64(0), Cancel)}");
                await AddAsync(session, $"{i}");
            },
            Cancel)).ToList();
        goOn.SetResult();

        await held;
        await Task.WhenAll(writes);
        Assert.Equal(["1 sees 0", "2 sees 1", "3 sees 2", "1 committed", "2 committed", "3 committed"], seen);
    }

    [Fact]
    public async Task A_caller_who_gives_up_while_waiting_writes_nothing()
    {
        await CreateAsync();
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var (goOn, held) = await HoldAsync();
        var ran = false;
        var left = db.WriteAsync(
            session =>
            {
                ran = true;
                return AddAsync(session, "left");
            },
            impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        goOn.SetResult();

        await held;
        await db.WriteAsync(session => AddAsync(session, "next"), Cancel);
        Assert.False(ran);
        Assert.Equal(["next"], await IdsAsync());
    }

    [Fact]
    public async Task A_commit_that_fails_fails_all_who_shared_it_and_nobody_after()
    {
        await CreateAsync();
        await db.ExecuteAsync("create table owners (note text references notes (id) deferrable initially deferred)", null, Cancel);
        var committed = new List<string>();
        var (goOn, held) = await HoldAsync();
        var good = db.WriteAsync(
            session =>
            {
                session.OnCommitted(() => committed.Add("good"));
                return AddAsync(session, "good");
            },
            Cancel);
        var orphan = db.ExecuteAsync("insert into owners (note) values ('nobody')", null, Cancel);
        goOn.SetResult();

        await Assert.ThrowsAnyAsync<DbException>(() => held);
        await Assert.ThrowsAnyAsync<DbException>(() => good);
        await Assert.ThrowsAnyAsync<DbException>(() => orphan);
        Assert.Empty(await IdsAsync());
        Assert.Empty(committed);
        await db.WriteAsync(session => AddAsync(session, "after"), Cancel);
        Assert.Equal(["after"], await IdsAsync());
    }

    [Fact]
    public async Task A_work_runs_in_the_context_of_its_caller()
    {
        await CreateAsync();
        var (goOn, held) = await HoldAsync();
        Task<string?> SeenByAsync(string name)
        {
            caller.Value = name;
            return db.WriteAsync(_ => Task.FromResult<string?>(caller.Value), Cancel);
        }

        var (ada, bob) = (SeenByAsync("ada"), SeenByAsync("bob"));
        goOn.SetResult();
        await held;
        Assert.Equal(("ada", "bob"), (await ada, await bob));
    }

    [Fact]
    public async Task Who_writes_after_the_end_is_told_so()
    {
        await CreateAsync();
        await db.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => db.WriteAsync(session => AddAsync(session, "late"), Cancel));
    }

    /// <summary>One work: what it does to a counter, and whether it then throws.</summary>
    private sealed record Step(string Key, int Factor, int Add, bool Throws);

    [Fact]
    public void Any_mix_of_works_at_once_ends_as_if_they_had_run_one_by_one()
    {
        var step = from key in Gen.Elements("a", "b", "c")
                   from factor in Gen.Choose(-2, 3)
                   from add in Gen.Choose(-5, 5)
                   from throws in Gen.Frequency((3, Gen.Constant(false)), (1, Gen.Constant(true)))
                   select new Step(key, factor, add, throws);
        Prop.ForAll(step.ListOf().ToArbitrary(), steps => RunAsync([.. steps]).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(50));
    }

    private async Task<bool> RunAsync(List<Step> steps)
    {
        await db.ExecuteAsync("drop table if exists counters", null, Cancel);
        await db.ExecuteAsync("create table counters (key text primary key, n bigint not null)", null, Cancel);
        await db.ExecuteAsync("insert into counters values ('a', 1), ('b', 1), ('c', 1)", null, Cancel);
        var outcomes = await Task.WhenAll(steps.Select(step => OutcomeAsync(db.WriteAsync(session => ApplyAsync(session, step), Cancel))));

        var expected = new Dictionary<string, long> { ["a"] = 1, ["b"] = 1, ["c"] = 1 };
        foreach (var step in steps.Where(step => !step.Throws))
        {
            expected[step.Key] = (expected[step.Key] * step.Factor) + step.Add;
        }

        var counters = await db.QueryAsync("select key, n from counters", null, row => (row.GetString(0), row.GetInt64(1)), Cancel);
        return counters.All(c => expected[c.Item1] == c.Item2) && outcomes.SequenceEqual(steps.Select(step => !step.Throws));
    }

    private static async Task ApplyAsync(DbSession session, Step step)
    {
        await session.ExecuteAsync(
            "update counters set n = n * @factor + @add where key = @key",
            c => c.With("factor", step.Factor).With("add", step.Add).With("key", step.Key),
            Cancel);
        if (step.Throws)
        {
            throw new InvalidOperationException();
        }
    }

    private static async Task<bool> OutcomeAsync(Task write)
    {
        try
        {
            await write;
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
