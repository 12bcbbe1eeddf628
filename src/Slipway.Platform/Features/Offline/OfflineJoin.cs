using System.Collections.Concurrent;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Joins;
using Slipway.Platform.Features.Erasure;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;

namespace Slipway.Platform.Features.Offline;

/// <summary>Streams the rows of a stored view, once: the columns asked for, portion by portion, in their order of arrival.</summary>
/// <param name="times">Event times that can matter; rows of others may be left out.</param>
internal delegate Task ViewRows(
    StoredView view, IReadOnlyList<ColumnSchema> columns, TimeRange times, Action<IReadOnlyList<ColumnChunk>> take, CancellationToken cancel);

/// <summary>Microseconds since the epoch, both ends included.</summary>
internal readonly record struct TimeRange(long From, long To);

/// <summary>
/// The one point-in-time join of a feature service, for training sets of pipelines and for files: its views stream by, one after the other
/// and several at once, and only what is ahead at some entity row is kept. Memory goes with the entity rows, not with the views' rows.
/// </summary>
internal static class OfflineJoin
{
    /// <summary>The service's features, one row per entity row, in its order.</summary>
    /// <param name="entityRows">Has <c>event_timestamp</c> and the plan's inputs.</param>
    /// <param name="createdFilter">Use only rows written by then, in views that have a created timestamp.</param>
    /// <param name="erased">Who gets no values, as if nothing were known about them; null where nobody is erased.</param>
    public static async Task<Table> FeaturesAsync(
        ServicePlan plan, Table entityRows, bool createdFilter, ViewRows rows, ErasedKeys? erased, CancellationToken cancel)
    {
        var times = Times(entityRows);
        var span = Span(times);
        var timelines = new ConcurrentDictionary<string, Lazy<EntityTimeline>>(StringComparer.Ordinal);
        var slots = new Column?[plan.SlotCount];
        await Parallel.ForEachAsync(plan.Lookups.GroupBy(lookup => lookup.View.Name), cancel, async (lookups, stop) =>
        {
            var view = lookups.First().View;
            int[] features = [.. lookups.SelectMany(lookup => lookup.Features.Select(f => f.Feature)).Distinct()];
            var matches = lookups.Select(lookup => new ViewMatch(lookup, Timeline(lookup.Keys), createdFilter, features)).ToArray();
            await rows(view, ViewMatch.Columns(view, features), Reach(span, view.Ttl), chunk => Array.ForEach(matches, match => match.Add(chunk)), stop);
            Array.ForEach(matches, match => match.Finish(slots, erased?.Rows(view, match.Keys(entityRows)) ?? []));
        });
        return plan.Assemble(entityRows, slots);

        EntityTimeline Timeline(IReadOnlyList<ColumnSchema> keys) => timelines.GetOrAdd(
            string.Join('\n', keys.Select(key => key.Name)),
            _ => new Lazy<EntityTimeline>(() => new EntityTimeline([.. keys.Select(key => entityRows[key.Name])], times))).Value;
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when there is no such column.</exception>
    public static Column Times(Table entityRows)
    {
        const string name = StoredView.EventTimestamp;
        return entityRows.Has(name) && entityRows[name].Type == DataType.Timestamp ? entityRows[name]
            : throw SlipwayException.Invalid($"Entity rows need a timestamp column '{name}'.");
    }

    private static TimeRange Span(Column times)
    {
        var (from, to) = (long.MaxValue, long.MinValue);
        for (var row = 0; row < times.Length; row++)
        {
            (from, to) = times.IsNull(row) ? (from, to) : (Math.Min(from, times.Longs[row]), Math.Max(to, times.Longs[row]));
        }

        return new TimeRange(from, to);
    }

    /// <summary>Event times that can be a candidate's.</summary>
    private static TimeRange Reach(TimeRange span, TimeSpan? ttl)
    {
        var age = ttl is { Ticks: > 0 } limit ? limit.Ticks / TimeSpan.TicksPerMicrosecond : long.MaxValue;
        return span with { From = span.From < long.MinValue + age ? long.MinValue : span.From - age };
    }
}
