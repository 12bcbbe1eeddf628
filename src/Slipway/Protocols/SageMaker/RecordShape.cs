using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Streaming;

namespace Slipway.Protocols.SageMaker;

/// <summary>Records as the protocol gives them: identifier, event time and those features that have a value, all or those asked for.</summary>
internal sealed class RecordShape
{
    private readonly RecordGroup group;
    private readonly HashSet<string>? wanted;
    private readonly bool expiry;

    /// <param name="names">Empty for all.</param>
    /// <param name="expiry">Whether to say until when a record is served.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a feature that the group does not serve.</exception>
    public RecordShape(RecordGroup group, IReadOnlyList<string> names, bool expiry)
    {
        (this.group, this.expiry) = (group, expiry);
        wanted = names.Count == 0 ? null : names.ToHashSet(StringComparer.Ordinal);
        var known = group.Features.Select(feature => feature.Name).Append(group.Identifier.Name).Append(group.EventTime);
        if (wanted?.Except(known).FirstOrDefault() is { } unknown)
        {
            throw SlipwayException.Invalid($"Feature group '{group.Name}' serves no feature '{unknown}'.");
        }
    }

    /// <summary>An object without members where there is no record.</summary>
    public void Write(Utf8JsonWriter json, StoredRecord? record)
    {
        json.WriteStartObject();
        if (record is not null)
        {
            WriteMembers(json, record);
        }

        json.WriteEndObject();
    }

    public void WriteMembers(Utf8JsonWriter json, StoredRecord record)
    {
        json.WriteStartArray("Record");
        Write(json, group.Identifier, record.Identifier);
        Write(json, new ColumnSchema(group.EventTime, DataType.Timestamp), record.EventTimeUs);
        for (var i = 0; i < group.Features.Count; i++)
        {
            Write(json, group.Features[i], record.Features[i]);
        }

        json.WriteEndArray();
        if (expiry && record.UntilUs is { } until)
        {
            json.WriteString("ExpiresAt", WireTime.Rfc3339(until));
        }
    }

    private void Write(Utf8JsonWriter json, ColumnSchema column, object? value)
    {
        if (value is null || wanted?.Contains(column.Name) == false)
        {
            return;
        }

        json.WriteStartObject();
        json.WriteString("FeatureName", column.Name);
        json.WriteString("ValueAsString", RecordText.Write(column, value));
        json.WriteEndObject();
    }
}
