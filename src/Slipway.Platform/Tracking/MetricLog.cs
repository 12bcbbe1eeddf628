using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>Points of one run that are logged together.</summary>
internal readonly record struct LoggedPoints(long ExperimentId, string RunId, byte[] Packed);

/// <summary>
/// Where points go when they are logged: appended, one row a batch. They are sorted into <see cref="MetricStore"/> later
/// and many at a time, when <see cref="MetricSettler"/> comes by or a search or a history needs them there; reading a run
/// counts in what is still here. So a point is acknowledged once it is here, and nobody can tell where it is.
/// </summary>
internal static class MetricLog
{
    /// <summary>How many points one transaction sorts in, so that no writer waits long behind it.</summary>
    private const int PointsAtOnce = 2048;
    private const int RowsAtOnce = 1024;

    private sealed record Row(long ExperimentId, string RunId, string Id, byte[] Packed);

    public static async Task AppendAsync(DbSession session, IReadOnlyList<LoggedPoints> batches, CancellationToken cancel)
    {
        if (session.Engine == DbEngine.Sqlite)
        {
            using var insert = new SqliteStatement(session, "insert into metric_log (experiment_id, run_id, id, points) values (?, ?, ?, ?)");
            foreach (var batch in batches)
            {
                insert.Add(batch.ExperimentId);
                insert.Add(batch.RunId);
                insert.Add(NewId());
                insert.Add(batch.Packed);
                insert.Execute();
            }

            return;
        }

        await session.ExecuteAsync(
            """
            insert into metric_log (experiment_id, run_id, id, points)
            select * from unnest(@experiments, @runs, @ids, @points)
            """,
            c => c.With("experiments", batches.Select(b => b.ExperimentId).ToArray()).With("runs", batches.Select(b => b.RunId).ToArray())
                .With("ids", batches.Select(_ => NewId()).ToArray()).With("points", batches.Select(b => b.Packed).ToArray()),
            cancel);
    }

    /// <summary>Sorts in what runs of the experiments have logged, unless there is nothing.</summary>
    public static Task SettleAsync(Db db, IReadOnlyList<long> experiments, CancellationToken cancel) => SettleAsync(
        db,
        session => $"experiment_id {ValueSet.In(session, "which")}",
        (session, c) => c.With("which", ValueSet.Of(session, experiments.ToArray())),
        cancel);

    /// <summary>Sorts in what the runs have logged, unless there is nothing.</summary>
    public static Task SettleAsync(Db db, IReadOnlyList<string> runs, CancellationToken cancel) => SettleAsync(
        db,
        session => $"run_id {ValueSet.In(session, "which")}",
        (session, c) => c.With("which", ValueSet.Of(session, runs.ToArray())),
        cancel);

    /// <summary>Sorts in some of what nobody else is sorting in, from the given run on.</summary>
    /// <returns>The run to go on with, or null when the last one was reached.</returns>
    public static async Task<string?> SettleSomeAsync(Db db, string from, CancellationToken cancel)
    {
        if (!await IsWaitingAsync(db, _ => "run_id >= @run", (_, c) => c.With("run", from), cancel))
        {
            return null;
        }

        return await db.WriteAsync(
            async session =>
            {
                var locking = session.Engine == DbEngine.Postgres ? "for update skip locked" : "";
                var rows = await TakeAsync(session, "run_id >= @run", c => c.With("run", from), locking, cancel);
                var settled = await SettleAsync(session, rows, cancel);
                return More(rows, settled) ? rows[settled - 1].RunId : null;
            },
            cancel);
    }

    private static async Task SettleAsync(
        Db db, Func<DbSession, string> where, Action<DbSession, DbParameters> bind, CancellationToken cancel)
    {
        var waiting = await IsWaitingAsync(db, where, bind, cancel);
        while (waiting)
        {
            waiting = await db.WriteAsync(
                async session =>
                {
                    var rows = await TakeAsync(
                        session, where(session), c => bind(session, c), session.Engine == DbEngine.Postgres ? "for update" : "", cancel);
                    var settled = await SettleAsync(session, rows, cancel);
                    return More(rows, settled);
                },
                cancel);
        }
    }

    private static async Task<bool> IsWaitingAsync(
        Db db, Func<DbSession, string> where, Action<DbSession, DbParameters> bind, CancellationToken cancel) => await db.ReadAsync(
        session => session.FirstAsync(
            $"select 1 from metric_log where {where(session)} limit 1", c => bind(session, c), row => row.GetInt32(0), cancel),
        cancel) == 1;

    /// <summary>In the order of their key, so that two who sort in the same rows wait for each other and never both.</summary>
    private static Task<List<Row>> TakeAsync(
        DbSession session, string where, Action<DbParameters> bind, string locking, CancellationToken cancel) => session.QueryAsync(
        $"""
        select experiment_id, run_id, id, points from metric_log where {where}
        order by run_id, id limit {RowsAtOnce} {locking}
        """,
        bind,
        row => new Row(row.GetInt64(0), row.GetString(1), row.GetString(2), row.Bytes(3)!),
        cancel);

    /// <returns>How many of the rows, from the first, were sorted in and removed.</returns>
    private static async Task<int> SettleAsync(DbSession session, List<Row> rows, CancellationToken cancel)
    {
        var (points, settled) = (0, 0);
        var runs = new List<RunPoints>();
        while (settled < rows.Count && points < PointsAtOnce)
        {
            var row = rows[settled++];
            if (runs.Count == 0 || runs[^1].RunId != row.RunId)
            {
                runs.Add(new RunPoints(row.ExperimentId, row.RunId, []));
            }

            var before = runs[^1].Points.Count;
            PackedPoints.Unpack(row.Packed, runs[^1].Points);
            points += runs[^1].Points.Count - before;
        }

        await MetricStore.AddAsync(session, runs, cancel);
        await RemoveAsync(session, rows[..settled], cancel);
        return settled;
    }

    private static async Task RemoveAsync(DbSession session, List<Row> rows, CancellationToken cancel)
    {
        if (session.Engine == DbEngine.Sqlite)
        {
            using var delete = new SqliteStatement(session, "delete from metric_log where run_id = ? and id = ?");
            foreach (var row in rows)
            {
                delete.Add(row.RunId);
                delete.Add(row.Id);
                delete.Execute();
            }

            return;
        }

        await session.ExecuteAsync(
            """
            delete from metric_log l using unnest(@runs, @ids) as gone (run, id) where l.run_id = gone.run and l.id = gone.id
            """,
            c => c.With("runs", rows.Select(r => r.RunId).ToArray()).With("ids", rows.Select(r => r.Id).ToArray()),
            cancel);
    }

    private static bool More(List<Row> rows, int settled) => settled < rows.Count || rows.Count == RowsAtOnce;

    private static string NewId() => Guid.CreateVersion7().ToString("N");
}
