using System.Data.Common;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

internal static class ExperimentStore
{
    private const string Columns = "id, name, created_ms, created_by";

    /// <summary>Locks the counter until the transaction ends, so two creations at once follow each other.</summary>
    public static Task<long> TakeNumberAsync(DbSession session, CancellationToken cancel) => session.FirstAsync(
        "update experiment_numbers set next_number = next_number + 1 where id = 1 returning next_number - 1",
        null,
        row => row.GetInt64(0),
        cancel);

    /// <returns>0 when the name is taken.</returns>
    public static Task<int> InsertAsync(DbSession session, Experiment experiment, CancellationToken cancel) => session.ExecuteAsync(
        $"insert into experiments ({Columns}) values (@id, @name, @at, @by) on conflict (name) do nothing",
        c => c.With("id", experiment.Id).With("name", experiment.Name).With("at", experiment.CreatedMs)
            .With("by", experiment.CreatedBy),
        cancel);

    public static Task<Experiment?> FindAsync(DbSession session, long id, CancellationToken cancel) =>
        session.FirstAsync<Experiment>(
            $"select {Columns} from experiments where id = @id", c => c.With("id", id), Read, cancel);

    public static Task<Experiment?> FindAsync(DbSession session, string name, CancellationToken cancel) =>
        session.FirstAsync<Experiment>(
            $"select {Columns} from experiments where name = @name", c => c.With("name", name), Read, cancel);

    public static Task<List<Experiment>> ListAsync(DbSession session, string after, int max, CancellationToken cancel) =>
        session.QueryAsync(
            $"select {Columns} from experiments where name > @after order by name limit @max",
            c => c.With("after", after).With("max", max),
            Read,
            cancel);

    private static Experiment Read(DbDataReader row) => new(row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetString(3));
}
