using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>Params are written once: the same value again is fine.</summary>
internal static class ParamStore
{
    private sealed record Param(string Run, string Key, string Value);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/> when a param has another value.</exception>
    public static async Task AddAsync(DbSession session, IReadOnlyList<LoggedCall> entries, CancellationToken cancel)
    {
        // Sorted, so that two writers of the same keys lock them in the same order.
        List<Param> wanted =
        [
            .. entries.SelectMany(entry => (entry.Batch.Params ?? new Dictionary<string, string>())
                    .Select(pair => new Param(entry.RunId, pair.Key, pair.Value)))
                .OrderBy(p => p.Run, StringComparer.Ordinal).ThenBy(p => p.Key, StringComparer.Ordinal),
        ];
        if (wanted.Count == 0)
        {
            return;
        }

        if (session.Engine == DbEngine.Sqlite)
        {
            AddSqlite(session, wanted);
        }
        else
        {
            await AddPostgresAsync(session, wanted, cancel);
        }
    }

    private static void AddSqlite(DbSession session, List<Param> wanted)
    {
        using var insert = new SqliteStatement(
            session, "insert into run_params (run_id, key, value) values (?, ?, ?) on conflict do nothing");
        using var find = new SqliteStatement(session, "select value from run_params where run_id = ? and key = ?");
        foreach (var param in wanted)
        {
            insert.Add(param.Run);
            insert.Add(param.Key);
            insert.Add(param.Value);
            if (!insert.Execute())
            {
                find.Add(param.Run);
                find.Add(param.Key);
                find.Read();
                var stored = find.Text(0);
                find.Reset();
                Check(param, stored);
            }
        }
    }

    private static async Task AddPostgresAsync(DbSession session, List<Param> wanted, CancellationToken cancel)
    {
        await session.ExecuteAsync(
            "insert into run_params (run_id, key, value) select * from unnest(@runs, @keys, @values) on conflict do nothing",
            c => c.With("runs", wanted.Select(p => p.Run).ToArray()).With("keys", wanted.Select(p => p.Key).ToArray())
                .With("values", wanted.Select(p => p.Value).ToArray()),
            cancel);
        var stored = await session.QueryAsync(
            "select run_id, key, value from run_params where (run_id, key) in (select * from unnest(@runs, @keys))",
            c => c.With("runs", wanted.Select(p => p.Run).ToArray()).With("keys", wanted.Select(p => p.Key).ToArray()),
            row => new Param(row.GetString(0), row.GetString(1), row.GetString(2)),
            cancel);
        var values = stored.ToDictionary(p => (p.Run, p.Key), p => p.Value);
        foreach (var param in wanted)
        {
            Check(param, values[(param.Run, param.Key)]);
        }
    }

    private static void Check(Param param, string stored)
    {
        if (param.Value != stored)
        {
            throw SlipwayException.Conflict(
                $"Param '{param.Key}' of run {param.Run} is '{Short(stored)}' and cannot become '{Short(param.Value)}'; params are written once.");
        }
    }

    private static string Short(string text) => text.Length <= 100 ? text : text[..100] + "…";
}
