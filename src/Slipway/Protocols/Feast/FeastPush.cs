using System.Buffers;
using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Streaming;

namespace Slipway.Protocols.Feast;

/// <summary>Rows for a push source. Columns that the source does not declare are ignored, as elsewhere in the protocol.</summary>
internal static class FeastPush
{
    /// <summary>0001-01-01T00:00:00Z and the end of 9999, microseconds since the epoch.</summary>
    private const long FirstUs = -62_135_596_800_000_000, LastUs = 253_402_300_799_999_999;

    public static async Task<IResult> PushAsync(HttpContext context, FeatureRegistryService registry, FeatureRights rights, StreamService streams)
    {
        var cancel = context.RequestAborted;
        var body = await FeastBody.ReadAsync(context.Request, cancel);
        var (source, given, target) = (body.RequiredText("push_source_name"), body.Columns("df"), Target(body.Text("to") ?? "online"));
        await rights.RequirePushAsync(Actors.Of(context), source, cancel);
        _ = (body.Flag("allow_registry_cache"), body.Flag("transform_on_write"));
        var pushed = (await registry.StreamingViewsAsync(cancel)).Where(view => view.Source.Push).ToArray();
        var views = Array.FindAll(pushed, view => view.Topic == source);
        if (views.Length == 0)
        {
            throw FeastException.MissingPushSource(
                $"There is no push source '{source}'; there are {string.Join(", ", pushed.Select(view => view.Topic).Distinct().DefaultIfEmpty("none"))}.");
        }

        if (views.SelectMany(Needed).FirstOrDefault(name => given.All(column => column.Name != name)) is { } missing)
        {
            throw new FeastBodyException("df", "missing", $"'df' must have the column '{missing}'.");
        }

        var columns = (
            from field in views[0].Fields
            join column in given on field.Name equals column.Name
            select FeastColumns.Read("df", field, column.Values)).ToArray();
        await streams.PushRowsAsync(source, Rows(columns), ids: null, target, watermark: null, wait: target != PushTarget.Offline, cancel);
        return Results.Ok();
    }

    /// <summary>The fields without which a view cannot take a row: those of its join keys and of its event time.</summary>
    private static IEnumerable<string> Needed(WindowedView view)
    {
        var names = view.Stored.JoinKeys.Select(key => key.Name).Append(view.EventTimestamp).ToArray();
        return view.Fields.Where((_, i) => names.Contains(view.NamedFields[i].Name)).Select(field => field.Name);
    }

    private static byte[][] Rows(Column[] columns)
    {
        var rows = new byte[columns.Length == 0 ? 0 : columns[0].Length][];
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        for (var row = 0; row < rows.Length; row++)
        {
            json.WriteStartObject();
            foreach (var column in columns)
            {
                json.WritePropertyName(column.Name);
                Write(json, column, row);
            }

            json.WriteEndObject();
            json.Flush();
            rows[row] = buffer.WrittenSpan.ToArray();
            buffer.Clear();
            json.Reset();
        }

        return rows;
    }

    private static void Write(Utf8JsonWriter json, Column column, int row)
    {
        switch (column.Value(row))
        {
            case null: json.WriteNullValue(); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case long us when column.Type == DataType.Timestamp && (us is < FirstUs or > LastUs):
                throw new FeastBodyException($"df.{column.Name}.{row}", "type_error", $"Value {row} of '{column.Name}' must be within the years 1 to 9999.");
            case long us when column.Type == DataType.Timestamp: json.WriteStringValue(WireTime.Rfc3339(us)); break;
            case long whole: json.WriteNumberValue(whole); break;
            case double number: json.WriteNumberValue(number); break;
            case string text: json.WriteStringValue(text); break;
            case long[] times when column.Type == DataType.TimestampArray && Array.Exists(times, us => us is < FirstUs or > LastUs):
                throw new FeastBodyException($"df.{column.Name}.{row}", "type_error", $"Value {row} of '{column.Name}' must be within the years 1 to 9999.");
            case Array: JsonArrays.Write(json, column.Type, column.Arrays[row]); break;
            case var other: throw new InvalidOperationException($"Column '{column.Name}' holds a {other.GetType().Name}.");
        }
    }

    private static PushTarget Target(string to) => to switch
    {
        "online" => PushTarget.Online,
        "offline" => PushTarget.Offline,
        "online_and_offline" => PushTarget.OnlineAndOffline,
        _ => throw FeastException.Failed($"'to' must be online, offline or online_and_offline; got '{to}'."),
    };
}
