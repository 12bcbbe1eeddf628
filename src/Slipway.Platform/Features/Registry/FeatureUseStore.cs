using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Registry;

internal static class FeatureUseStore
{
    public static Task<List<(FeatureUse Use, int Day)>> ListAsync(DbSession session, CancellationToken cancel) => session.QueryAsync(
        "select view, feature, reader, last_day from feature_reads",
        null,
        row => (new FeatureUse(row.GetString(0), row.GetString(1), row.GetString(2)), (int)row.GetInt64(3)),
        cancel);

    /// <summary>The later day stays.</summary>
    /// <param name="day">Since 0001-01-01.</param>
    public static Task<int> PutAsync(DbSession session, FeatureUse use, int day, CancellationToken cancel) => session.ExecuteAsync(
        """
        insert into feature_reads (view, feature, reader, last_day) values (@view, @feature, @reader, @day)
        on conflict (view, feature, reader) do update set last_day = excluded.last_day where feature_reads.last_day < excluded.last_day
        """,
        c => c.With("view", use.View).With("feature", use.Feature).With("reader", use.Reader).With("day", (long)day),
        cancel);
}
