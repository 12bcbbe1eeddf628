using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Serving.Predictions;

internal static class OutcomeStore
{
    /// <returns>The ids that had no outcome before.</returns>
    public static async Task<HashSet<string>> InsertAsync(
        DbSession session, Outcome[] outcomes, DateTimeOffset now, CancellationToken cancel)
    {
        var (nowMs, nowUs) = (now.ToUnixTimeMilliseconds(), Microseconds.From(now));
        if (session.Engine == DbEngine.Postgres)
        {
            var ids = await session.QueryAsync(
                """
                insert into outcomes (prediction_id, value, event_time_us, received_ms)
                select id, value, event_us, @now from unnest(@ids, @values, @events) as given(id, value, event_us)
                on conflict (prediction_id) do nothing
                returning prediction_id
                """,
                c => c.With("now", nowMs).With("ids", Ids(outcomes)).With("values", outcomes.Select(o => o.Value).ToArray())
                    .With("events", outcomes.Select(o => o.EventTimeUs ?? nowUs).ToArray()),
                row => row.GetString(0),
                cancel);
            return ids.ToHashSet(StringComparer.Ordinal);
        }

        // Row by row: numbers that pass through JSON text may lose their last bit in SQLite.
        var added = new HashSet<string>(outcomes.Length, StringComparer.Ordinal);
        foreach (var outcome in outcomes)
        {
            if (await InsertOneAsync(session, outcome, nowMs, nowUs, cancel) > 0)
            {
                added.Add(outcome.PredictionId);
            }
        }

        return added;
    }

    public static async Task<Dictionary<string, double>> ValuesAsync(DbSession session, Outcome[] outcomes, CancellationToken cancel)
    {
        var rows = await session.QueryAsync(
            $"select prediction_id, value from outcomes where prediction_id in ({Given(session.Engine)})",
            c => BindIds(c, session.Engine, outcomes),
            row => (Id: row.GetString(0), Value: row.GetDouble(1)),
            cancel);
        return rows.ToDictionary(row => row.Id, row => row.Value, StringComparer.Ordinal);
    }

    public static async Task ReplaceAsync(DbSession session, Outcome[] outcomes, DateTimeOffset now, CancellationToken cancel)
    {
        foreach (var outcome in outcomes)
        {
            await session.ExecuteAsync(
                "update outcomes set value = @value, event_time_us = @event, received_ms = @now where prediction_id = @id",
                c => c.With("value", outcome.Value).With("event", outcome.EventTimeUs ?? Microseconds.From(now))
                    .With("now", now.ToUnixTimeMilliseconds()).With("id", outcome.PredictionId),
                cancel);
        }
    }

    /// <returns>For how many of the ids the log has a prediction.</returns>
    public static async Task<int> MatchedAsync(DbSession session, Outcome[] outcomes, CancellationToken cancel) => (int)await session.FirstAsync(
        $"select count(*) from predictions where id in ({Given(session.Engine)})",
        c => BindIds(c, session.Engine, outcomes),
        row => row.GetInt64(0),
        cancel);

    /// <returns>The endpoint, and its revision, that gave each prediction the log has.</returns>
    public static async Task<Dictionary<string, (string Endpoint, long Revision)>> AnswersAsync(
        DbSession session, Outcome[] outcomes, CancellationToken cancel)
    {
        var rows = await session.QueryAsync(
            $"select id, endpoint, revision from predictions where id in ({Given(session.Engine)})",
            c => BindIds(c, session.Engine, outcomes),
            row => (Id: row.GetString(0), Answer: (row.GetString(1), row.GetInt64(2))),
            cancel);
        return rows.ToDictionary(row => row.Id, row => row.Answer, StringComparer.Ordinal);
    }

    private static Task<int> InsertOneAsync(DbSession session, Outcome outcome, long nowMs, long nowUs, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into outcomes (prediction_id, value, event_time_us, received_ms) values (@id, @value, @event, @now)
            on conflict (prediction_id) do nothing
            """,
            c => c.With("id", outcome.PredictionId).With("value", outcome.Value).With("event", outcome.EventTimeUs ?? nowUs)
                .With("now", nowMs),
            cancel);

    private static string Given(DbEngine engine) =>
        engine == DbEngine.Postgres ? "select unnest(@ids)" : "select value from json_each(@ids)";

    private static void BindIds(DbParameters c, DbEngine engine, Outcome[] outcomes) =>
        c.With("ids", engine == DbEngine.Postgres ? Ids(outcomes) : Json.Write(Ids(outcomes)));

    private static string[] Ids(Outcome[] outcomes) => [.. outcomes.Select(o => o.PredictionId)];
}
