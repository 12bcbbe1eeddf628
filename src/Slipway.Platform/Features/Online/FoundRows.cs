using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Online;

/// <summary>What a look-up in one view gave, row by row of the request.</summary>
internal sealed class FoundRows
{
    /// <summary>Null where there is no row, and where it is too old to be given.</summary>
    private readonly byte[]?[] given;

    private FoundRows(ViewLookup lookup, OnlineEntry?[] entries, byte[]?[] given)
    {
        Lookup = lookup;
        Entries = entries;
        this.given = given;
    }

    public ViewLookup Lookup { get; }

    public OnlineEntry?[] Entries { get; }

    /// <summary>Whether the store could not be asked, so that defaults stand in for everything.</summary>
    public bool IsUnavailable { get; private init; }

    public static FoundRows Unavailable(ViewLookup lookup, int rows) =>
        new(lookup, new OnlineEntry?[rows], new byte[]?[rows]) { IsUnavailable = true };

    public static FoundRows Of(ViewLookup lookup, OnlineEntry?[] entries, Table request, TimeProvider time)
    {
        var given = new byte[]?[entries.Length];
        var marked = Array.Exists(entries, entry => entry is not null && RowUntil.Of(entry.Bytes) is not null);
        if (lookup.View.Ttl is null && !marked)
        {
            for (var row = 0; row < given.Length; row++)
            {
                given[row] = entries[row]?.Bytes;
            }

            return new FoundRows(lookup, entries, given);
        }

        var asOf = request.Has(StoredView.EventTimestamp) ? Times(request[StoredView.EventTimestamp]) : null;
        var now = Microseconds.From(time.GetUtcNow());
        var ttlUs = lookup.View.Ttl?.Ticks / TimeSpan.TicksPerMicrosecond;
        if (marked)
        {
            entries = Array.ConvertAll(entries, entry => entry is not null && RowUntil.Of(entry.Bytes) == RowUntil.Deleted ? null : entry);
        }

        for (var row = 0; row < given.Length; row++)
        {
            var at = asOf is null ? now : asOf.IsNull(row) ? long.MaxValue : asOf.Longs[row];
            given[row] = entries[row] is { } entry && !IsTooOld(entry, at, ttlUs) ? entry.Bytes : null;
        }

        return new FoundRows(lookup, entries, given);
    }

    /// <summary>What the row says of itself goes before the view's TTL; both edges are inclusive.</summary>
    private static bool IsTooOld(OnlineEntry entry, long at, long? ttlUs) =>
        RowUntil.Of(entry.Bytes) is { } until ? until < at : ttlUs is { } limit && entry.EventTimeUs < at - limit;

    public void Unpack(Column?[] slots)
    {
        foreach (var (feature, slot) in Lookup.Features)
        {
            slots[slot] = Unpack(feature);
        }
    }

    public Column Unpack(int feature) => Lookup.View.Layout.Unpack(feature, Lookup.View.Layout.Columns[feature].Name, given);

    /// <summary>The row's bytes; null where there is none, and where it is too old to be given.</summary>
    public byte[]? Given(int row) => given[row];

    public FeatureStatus Status(int row, int feature) =>
        IsUnavailable ? FeatureStatus.Unavailable
        : Entries[row] is null ? FeatureStatus.NotFound
        : given[row] is not { } bytes ? FeatureStatus.OutsideMaxAge
        : Lookup.View.Layout.IsNull(bytes, feature) ? FeatureStatus.NullValue
        : FeatureStatus.Present;

    private static Column Times(Column column) => column.Type == DataType.Timestamp
        ? column
        : throw SlipwayException.Invalid($"Column '{column.Name}' is {column.Type.Text()}; it must be a timestamp.");
}
