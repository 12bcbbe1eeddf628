using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Online;

/// <summary>What a service's look-ups gave, row by row of the request, as it lies in the store.</summary>
internal sealed class OnlineRead
{
    private static readonly JsonEncodedText[] StatusNames =
        [.. Enum.GetValues<FeatureStatus>().Select(status => JsonEncodedText.Encode(EnumName.Of(status)))];

    private readonly ServicePlan plan;
    private readonly Table request;
    private readonly IReadOnlyList<FoundRows> found;
    private readonly (FoundRows? Rows, int Feature)[] sources;

    public OnlineRead(ServicePlan plan, Table request, IReadOnlyList<FoundRows> found)
    {
        this.plan = plan;
        this.request = request;
        this.found = found;
        sources = new (FoundRows?, int)[plan.SlotCount];
        foreach (var rows in found)
        {
            foreach (var (feature, slot) in rows.Lookup.Features)
            {
                sources[slot] = (rows, feature);
            }
        }
    }

    public OnlineAnswer Explain()
    {
        var slots = new Column?[plan.SlotCount];
        foreach (var rows in found)
        {
            rows.Unpack(slots);
        }

        var values = plan.Assemble(request, slots);
        var (statuses, times) = (new List<FeatureStatus[]>(), new List<long[]>());
        foreach (var (schema, slot) in plan.Columns)
        {
            var value = values[schema.Name];
            statuses.Add([.. Enumerable.Range(0, request.Rows).Select(row => Status(slot, value, row))]);
            times.Add([.. Enumerable.Range(0, request.Rows).Select(row => EventTime(slot, row))]);
        }

        return new OnlineAnswer(values, statuses, times);
    }

    /// <summary>
    /// The members of <see cref="OnlineResponse"/>. What was looked up is written straight from the packed rows; only what formulas
    /// read, and what they give, exists as columns.
    /// </summary>
    public void WriteJson(Utf8JsonWriter json)
    {
        var computed = Compute();
        json.WriteStartObject();
        json.WriteString("service"u8, plan.Name);
        json.WriteNumber("version"u8, plan.Version);
        json.WriteStartArray("columns"u8);
        foreach (var (column, _) in plan.Columns)
        {
            json.WriteStringValue(column.Name);
        }

        json.WriteEndArray();
        WriteEach(json, "values"u8, (slot, row) => WriteValue(json, slot, computed[slot], row));
        WriteEach(json, "statuses"u8, (slot, row) => json.WriteStringValue(StatusNames[(int)Status(slot, computed[slot], row)]));
        WriteEach(json, "eventTimes"u8, (slot, row) => WriteTime(json, EventTime(slot, row)));
        WriteWarnings(json);
        json.WriteEndObject();
    }

    private void WriteWarnings(Utf8JsonWriter json)
    {
        if (plan.Warnings.Count == 0)
        {
            return;
        }

        json.WriteStartArray("warnings"u8);
        foreach (var warning in plan.Warnings)
        {
            json.WriteStringValue(warning);
        }

        json.WriteEndArray();
    }

    /// <summary>The slots of formulas, and those they read.</summary>
    private Column?[] Compute()
    {
        var slots = new Column?[plan.SlotCount];
        foreach (var slot in plan.Computed.SelectMany(view => view.Inputs).Select(input => input.Slot))
        {
            if (sources[slot].Rows is { } rows)
            {
                slots[slot] = rows.Unpack(sources[slot].Feature);
            }
        }

        plan.Compute(request, slots);
        return slots;
    }

    private void WriteEach(Utf8JsonWriter json, ReadOnlySpan<byte> name, Action<int, int> write)
    {
        json.WriteStartObject(name);
        foreach (var (column, slot) in plan.Columns)
        {
            json.WriteStartArray(column.Name);
            for (var row = 0; row < request.Rows; row++)
            {
                write(slot, row);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private void WriteValue(Utf8JsonWriter json, int slot, Column? computed, int row)
    {
        var (rows, feature) = sources[slot];
        if (rows is null)
        {
            WriteValue(json, computed!.Type, computed.Value(row));
        }
        else if (rows.Given(row) is { } bytes && !rows.Lookup.View.Layout.IsNull(bytes, feature))
        {
            rows.Lookup.View.Layout.WriteJson(json, bytes, feature);
        }
        else
        {
            WriteValue(json, rows.Lookup.View.Features[feature].Type, plan.Defaults.GetValueOrDefault(slot)?.Value);
        }
    }

    private static void WriteValue(Utf8JsonWriter json, DataType type, object? value)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case long us when type == DataType.Timestamp: json.WriteStringValue(Microseconds.ToDateTimeOffset(us)); break;
            case long whole: json.WriteNumberValue(whole); break;
            case double number: JsonNumber.Write(json, number); break;
            default: json.WriteStringValue((string)value); break;
        }
    }

    private static void WriteTime(Utf8JsonWriter json, long microseconds)
    {
        if (microseconds == 0)
        {
            json.WriteNullValue();
        }
        else
        {
            json.WriteStringValue(Microseconds.ToDateTimeOffset(microseconds));
        }
    }

    /// <param name="computed">Read only where the slot is not looked up.</param>
    private FeatureStatus Status(int slot, Column? computed, int row) => sources[slot] is { Rows: { } rows, Feature: var feature }
        ? rows.Status(row, feature)
        : computed!.IsNull(row) ? FeatureStatus.NullValue : FeatureStatus.Present;

    private long EventTime(int slot, int row) => sources[slot].Rows?.Entries[row]?.EventTimeUs ?? 0;
}
