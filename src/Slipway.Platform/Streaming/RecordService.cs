using System.Buffers;
using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Streaming;

/// <summary>
/// Records of single entities, put and deleted one by one. All of them go through the topic of the view's source, which is their
/// history for training sets and from which the online store follows, so that neither store can hold what the other misses.
/// </summary>
public sealed class RecordService(
    FeatureRegistryService registry, OnlineStore store, StreamService streams, AccessService access, FeatureUses uses, TimeProvider time)
{
    private static readonly long LastUs = Microseconds.From(DateTimeOffset.MaxValue);

    /// <param name="least">What the caller means to do with it: <see cref="Role.Viewer"/> to read, <see cref="Role.Contributor"/> to write.</param>
    /// <exception cref="SlipwayException">Forbidden; NotFound; FailedPrecondition for a view that has no records.</exception>
    public async Task<RecordGroup> GroupAsync(string name, Actor actor, Role least, CancellationToken cancel)
    {
        access.RequireOn(AccessScope.OfView(name), actor, least, $"view/{name}");
        var (definition, _) = await registry.FindViewAsync(name, cancel) ?? throw SlipwayException.NotFound($"There is no feature group '{name}'.");
        var views = await registry.StreamingViewsAsync(cancel);
        if (views.FirstOrDefault(view => view.Stored.Name == name) is not { } pushed)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition, $"View '{name}' has no records: they are those of a batch view with one join key, on a push source.");
        }

        // What is put reaches every view of the source.
        foreach (var view in views.Where(view => least > Role.Viewer && view.Topic == pushed.Topic))
        {
            access.RequireOn(AccessScope.OfView(view.Stored.Name), actor, least, $"view/{view.Stored.Name}");
        }

        foreach (var feature in definition.Features.Where(_ => least == Role.Viewer))
        {
            uses.Note(actor, name, feature.Name);
        }

        return new RecordGroup(pushed) { Warnings = Deprecation.Warnings(definition) };
    }

    /// <summary>Takes the record in whole: columns that it leaves out are null. Returns when a read sees it.</summary>
    /// <remarks>The record of the greatest event time is served; of two of one event time the later put, as in a training set.</remarks>
    /// <exception cref="SlipwayException">Invalid; Timeout when it is not online after the limit, though it is stored.</exception>
    public async Task PutAsync(RecordGroup group, NewRecord record, CancellationToken cancel)
    {
        foreach (var twice in record.Values.GroupBy(value => value.Name, StringComparer.Ordinal).Where(same => same.Count() > 1))
        {
            throw SlipwayException.Invalid($"The record has more than one value of '{twice.Key}'.");
        }

        foreach (var needed in (string[])[group.Identifier.Name, group.EventTime])
        {
            if (record.Values.FirstOrDefault(value => value.Name == needed).Value is null)
            {
                throw SlipwayException.Invalid($"The record has no value of '{needed}', which is the {(needed == group.EventTime ? "event time" : "record identifier")} of '{group.Name}'.");
            }
        }

        var e = Event(group, record.Values, record.Id);
        if (record.Ttl is { } ttl)
        {
            var eventTime = (long)record.Values.First(value => value.Name == group.EventTime).Value!;
            e = TopicEvents.Expiring(Until(eventTime, ttl), e);
        }

        await streams.PushOneAsync(group.View.Topic, TopicEvents.For(record.Target, e), record.Target != PushTarget.Offline, cancel);
    }

    /// <returns>Per identifier its record; null where there is none, or it was deleted or is too old.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unavailable"/> when the store cannot be asked.</exception>
    public async Task<IReadOnlyList<StoredRecord?>> GetAsync(RecordGroup group, IReadOnlyList<object> identifiers, CancellationToken cancel)
    {
        var (now, entries) = (Microseconds.From(time.GetUtcNow()), await EntriesAsync(group, identifiers, cancel));
        return [.. entries.Select((entry, i) => entry is null ? null : Record(group, identifiers[i], entry, now))];
    }

    /// <summary>
    /// Takes the values of an entity back from the event time on: for a training set they are null from then on, and online there is
    /// no record until one of a later event time is put. Where the online record is newer, it stays.
    /// </summary>
    /// <exception cref="SlipwayException">Invalid for a hard deletion that is not later than the online record; Timeout.</exception>
    public async Task DeleteAsync(RecordGroup group, RecordDeletion deletion, CancellationToken cancel)
    {
        var hard = deletion.Hard && deletion.Target != PushTarget.Offline;
        if (hard && (await EntriesAsync(group, [deletion.Identifier], cancel))[0] is { } entry && IsKept(entry, deletion.EventTimeUs))
        {
            throw SlipwayException.Invalid(
                $"The record of '{group.Name}' is of {Time(entry.EventTimeUs)}; a hard deletion must be of a later event time, not of {Time(deletion.EventTimeUs)}.");
        }

        var e = Event(
            group, [new(group.Identifier.Name, deletion.Identifier), new(group.EventTime, deletion.EventTimeUs)], deletion.Id);
        e = TopicEvents.For(deletion.Target, TopicEvents.OfDeletion(group.Name, e));
        await streams.PushOneAsync(group.View.Topic, e, deletion.Target != PushTarget.Offline, cancel);
        if (hard)
        {
            // What was put meanwhile with a later event time stays.
            await store.DeleteAsync(group.View.Key, group.Keys([deletion.Identifier]).ToArray(0), deletion.EventTimeUs, cancel);
        }
    }

    /// <summary>A deletion that is sent again meets its own mark.</summary>
    private static bool IsKept(OnlineEntry entry, long deletedUs) =>
        RowUntil.Of(entry.Bytes) == RowUntil.Deleted ? entry.EventTimeUs > deletedUs : entry.EventTimeUs >= deletedUs;

    private ValueTask<OnlineEntry?[]> EntriesAsync(RecordGroup group, IReadOnlyList<object> identifiers, CancellationToken cancel) =>
        store.ReadAsync(group.View.Key, group.Keys(identifiers), cancel);

    private static StoredRecord? Record(RecordGroup group, object identifier, OnlineEntry entry, long nowUs)
    {
        var ttlUs = group.View.Stored.Ttl?.Ticks / TimeSpan.TicksPerMicrosecond;
        var until = RowUntil.Of(entry.Bytes) ?? (entry.EventTimeUs + ttlUs);
        if (until < nowUs)
        {
            return null;
        }

        var layout = group.View.Stored.Layout;
        return new StoredRecord(
            identifier, entry.EventTimeUs, [.. group.Features.Select((feature, i) => layout.Unpack(i, feature.Name, [entry.Bytes]).Value(0))], until);
    }

    private NewEvent Event(RecordGroup group, IReadOnlyList<RecordValue> values, string? id)
    {
        var payload = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(payload))
        {
            json.WriteStartObject();
            foreach (var value in values)
            {
                var column = group.Column(value.Name);
                json.WritePropertyName(group.FieldOf(column));
                Write(json, column, value.Value);
            }

            json.WriteEndObject();
        }

        var now = time.GetUtcNow();
        return new NewEvent(id ?? Guid.CreateVersion7(now).ToString("n"), null, Microseconds.From(now), payload.WrittenSpan.ToArray());
    }

    private static void Write(Utf8JsonWriter json, ColumnSchema column, object? value)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case long us when column.Type == DataType.Timestamp: json.WriteStringValue(Microseconds.ToDateTimeOffset(us)); break;
            case long whole: json.WriteNumberValue(whole); break;
            case double number: json.WriteNumberValue(number); break;
            case string text: json.WriteStringValue(text); break;
            case Array elements: JsonArrays.Write(json, column.Type, PackedArray.Of(column.Type, elements)); break;
            default: throw new ArgumentException($"'{column.Name}' is a {value.GetType().Name}.");
        }
    }

    private static long Until(long eventTimeUs, TimeSpan ttl)
    {
        var ttlUs = ttl.Ticks / TimeSpan.TicksPerMicrosecond;
        return ttlUs > 0 && ttlUs <= LastUs - eventTimeUs
            ? eventTimeUs + ttlUs
            : throw SlipwayException.Invalid($"A record is served for more than no time, and not beyond the year 9999; got {ttl} from {Time(eventTimeUs)} on.");
    }

    private static string Time(long us) => Microseconds.ToDateTimeOffset(us).ToString("O", System.Globalization.CultureInfo.InvariantCulture);
}
