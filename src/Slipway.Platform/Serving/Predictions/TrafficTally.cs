using System.Runtime.InteropServices;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Serving.Predictions;

/// <summary>
/// What each arm of a traffic split was given, summed over a batch of the log and added in its transaction. A unit is what
/// the split draws: a row without a key, or a key the first time the revision sees it.
/// </summary>
internal sealed class TrafficTally
{
    private readonly Dictionary<(string Endpoint, long Revision, VariantRole Role), Sums> sums = [];

    public async Task AddAsync(DbSession session, LogEntry entry, VariantRole role, string? key, bool failed, CancellationToken cancel)
    {
        var isUnit = key is null || !entry.IsCanary || await session.ExecuteAsync(
            "insert into traffic_keys (endpoint, revision, routing_key) values (@endpoint, @revision, @key) on conflict do nothing",
            c => c.With("endpoint", entry.Endpoint).With("revision", entry.Revision).With("key", key),
            cancel) > 0;
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, (entry.Endpoint, entry.Revision, role), out _);
        sum = new Sums(sum.Predictions + (failed ? 0 : 1), sum.Units + (isUnit ? 1 : 0), sum.Failures + (failed ? 1 : 0));
    }

    public async Task SaveAsync(DbSession session, CancellationToken cancel)
    {
        // In one order everywhere, so that two servers never wait for each other's rows.
        foreach (var (at, sum) in sums.OrderBy(s => s.Key.Endpoint, StringComparer.Ordinal).ThenBy(s => s.Key.Revision).ThenBy(s => s.Key.Role))
        {
            await session.ExecuteAsync(
                """
                insert into traffic_counts (endpoint, revision, role, predictions, units, failures)
                values (@endpoint, @revision, @role, @predictions, @units, @failures)
                on conflict (endpoint, revision, role) do update set
                  predictions = traffic_counts.predictions + excluded.predictions,
                  units = traffic_counts.units + excluded.units,
                  failures = traffic_counts.failures + excluded.failures
                """,
                c => c.With("endpoint", at.Endpoint).With("revision", at.Revision).With("role", PredictionStore.NameOf(at.Role))
                    .With("predictions", sum.Predictions).With("units", sum.Units).With("failures", sum.Failures),
                cancel);
        }
    }

    private readonly record struct Sums(long Predictions, long Units, long Failures);
}
