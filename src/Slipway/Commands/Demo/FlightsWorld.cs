using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Commands.Demo;

/// <summary>
/// The airports of May and June 2001: flights leave at their time and are known to be late when they land. The demo's clock
/// moves in ticks; at each, what has landed is told first, then the flights that leave before the next tick are asked about.
/// </summary>
internal sealed class FlightsWorld
{
    /// <summary>The hop of the streaming views, so that each answer uses features as of the last boundary.</summary>
    public const long TickUs = 15L * 60 * 1_000_000;
    public const long DayUs = 24L * 60 * 60 * 1_000_000;

    private readonly Column date;
    private readonly Column landed;
    private readonly Column delay;
    private readonly Column distance;
    private readonly Column origin;
    private readonly Column destination;
    private readonly int[] byLanding;

    private FlightsWorld(Table flights)
    {
        (date, landed, delay, distance) = (flights["date"], flights["landed"], flights["delay"], flights["distance"]);
        (origin, destination) = (flights["origin"], flights["destination"]);
        byLanding = [.. Enumerable.Range(0, flights.Rows).OrderBy(row => landed.Longs[row])];
    }

    /// <param name="file">Flights that passed the quality rules.</param>
    /// <param name="from">What had landed before is history.</param>
    public static async Task<FlightsWorld> ReadAsync(AnalyticsEngine analytics, string file, DateTimeOffset from, CancellationToken cancel) =>
        new(await analytics.QueryAsync(
            $"""
            with flights as (
              select row_number() over () as number, *,
                make_timestamp(epoch_us(date) + cast(round((distance / 7.5 + 30 + delay) * 60000000) as bigint)) as landed
              from read_parquet({Sql.Text(file)}))
            select * from flights where landed > $from order by date, number
            """,
            cancel,
            ("from", from.UtcDateTime)));

    public int Count => byLanding.Length;

    public long LastTickUs => byLanding.Length == 0 ? 0 : (landed.Longs[byLanding[^1]] + TickUs - 1) / TickUs * TickUs;

    /// <summary>Rows of flights that landed after one time and up to another, in the order of their landing.</summary>
    public ReadOnlySpan<int> Landed(long afterUs, long untilUs)
    {
        var (low, high) = (FirstAfter(afterUs), FirstAfter(untilUs));
        return byLanding.AsSpan(low, high - low);
    }

    /// <summary>Rows of flights that leave from a time on and before another.</summary>
    public (int First, int End) Leaving(long fromUs, long beforeUs) => (FirstLeaving(fromUs), FirstLeaving(beforeUs));

    /// <summary>What a training set is built from: the flights of these predictions, in their order.</summary>
    public Table Flights(IReadOnlyList<string> ids)
    {
        var rowOf = Enumerable.Range(0, date.Length).ToDictionary(Id, row => row, StringComparer.Ordinal);
        int[] rows = [.. ids.Select(id => rowOf[id])];
        return new Table(
        [
            date.Take(rows).Rename("event_timestamp"), date.Take(rows), distance.Take(rows), origin.Take(rows), destination.Take(rows),
        ]);
    }

    public byte[] Events(ReadOnlySpan<int> rows, long watermarkUs)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteStartArray("events");
        foreach (var row in rows)
        {
            json.WriteStartObject();
            json.WriteString("id", Id(row));
            json.WriteString("time", Time(landed.Longs[row]));
            json.WriteString("date", Time(date.Longs[row]));
            json.WriteNumber("delay", delay.Longs[row]);
            json.WriteNumber("distance", distance.Longs[row]);
            json.WriteString("origin", origin.Strings[row]);
            json.WriteString("destination", destination.Strings[row]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("watermark", Time(watermarkUs));
        json.WriteBoolean("wait", true);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    public byte[] Questions(int first, int end)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        Write(json, "ids", first, end, row => json.WriteStringValue(Id(row)));
        Write(json, "eventTimes", first, end, row => json.WriteNumberValue(date.Longs[row]));
        json.WriteStartObject("inputs");
        Write(json, "origin", first, end, row => json.WriteStringValue(origin.Strings[row]));
        Write(json, "destination", first, end, row => json.WriteStringValue(destination.Strings[row]));
        Write(json, "distance", first, end, row => json.WriteNumberValue(distance.Longs[row]));
        Write(json, "date", first, end, row => json.WriteStringValue(Time(date.Longs[row])));
        Write(json, "event_timestamp", first, end, row => json.WriteStringValue(Time(date.Longs[row])));
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Outcomes of the flights among the rows that were asked about.</summary>
    public byte[]? Outcomes(ReadOnlySpan<int> rows, long askedFromUs)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        var any = false;
        json.WriteStartObject();
        json.WriteStartArray("outcomes");
        foreach (var row in rows)
        {
            if (date.Longs[row] >= askedFromUs)
            {
                any = true;
                json.WriteStartObject();
                json.WriteString("predictionId", Id(row));
                json.WriteNumber("value", delay.Longs[row] > 15 ? 1 : 0);
                json.WriteString("eventTime", Time(landed.Longs[row]));
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
        json.WriteBoolean("replace", false);
        json.WriteEndObject();
        json.Flush();
        return any ? buffer.WrittenSpan.ToArray() : null;
    }

    public static string Time(long us) => Microseconds.ToDateTime(us).ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFZ", CultureInfo.InvariantCulture);

    private static void Write(Utf8JsonWriter json, string name, int first, int end, Action<int> write)
    {
        json.WriteStartArray(name);
        for (var row = first; row < end; row++)
        {
            write(row);
        }

        json.WriteEndArray();
    }

    /// <summary>The same in every run over the same data, so that a replay that was cut off can be repeated.</summary>
    private string Id(int row) => $"flight-{date.Longs[row] / 60_000_000}-{row.ToString(CultureInfo.InvariantCulture)}";

    private int FirstLeaving(long timeUs)
    {
        var (low, high) = (0, date.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = date.Longs[middle] < timeUs ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private int FirstAfter(long timeUs)
    {
        var (low, high) = (0, byLanding.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = landed.Longs[byLanding[middle]] <= timeUs ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
