using Npgsql;
using NpgsqlTypes;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Sources;

/// <summary>Lets PostgreSQL leave out the rows of other times, by an index where it has one.</summary>
internal static class PostgresWindow
{
    /// <param name="rows">A query.</param>
    /// <returns>The rows of the query that the window needs; all of them where its columns are no times to PostgreSQL.</returns>
    public static NpgsqlCommand Command(NpgsqlConnection connection, string rows, SourceWindow? window)
    {
        var command = new NpgsqlCommand(rows, connection) { CommandTimeout = 0 };
        if (window is null || Time(window.ToUs) is not { } to || TypesOf(command, window) is not { } types)
        {
            return command;
        }

        var (at, bounds) = (Sql.Name(window.EventTimestamp), new List<string>());
        bounds.Add($"{at} <= {Bound(command, types[0], to)}");
        if (window.AfterUs is { } us && Time(us) is { } after)
        {
            var late = window.CreatedTimestamp is { } created ? $" or {Sql.Name(created)} > {Bound(command, types[1], after)}" : "";
            bounds.Add($"({at} > {Bound(command, types[0], after)}{late})");
        }

        command.CommandText = $"select * from ({rows.TrimEnd().TrimEnd(';')}\n) slipway_rows where {at} is null or ({string.Join(" and ", bounds)})";
        return command;
    }

    /// <summary>Times with a zone and without are compared with their own kind: the zone of the session has no say, and an index is used.</summary>
    private static NpgsqlDbType[]? TypesOf(NpgsqlCommand command, SourceWindow window)
    {
        using var reader = command.ExecuteReader(System.Data.CommandBehavior.SchemaOnly);
        var columns = reader.GetColumnSchema();
        NpgsqlDbType?[] types =
        [
            .. new[] { window.EventTimestamp, window.CreatedTimestamp }.OfType<string>()
                .Select(name => columns.FirstOrDefault(column => column.ColumnName == name)?.DataTypeName switch
                {
                    "timestamp with time zone" => NpgsqlDbType.TimestampTz,
                    "timestamp without time zone" or "date" => NpgsqlDbType.Timestamp,
                    _ => (NpgsqlDbType?)null,
                }),
        ];
        return Array.TrueForAll(types, type => type is not null) ? Array.ConvertAll(types, type => type!.Value) : null;
    }

    private static string Bound(NpgsqlCommand command, NpgsqlDbType type, DateTime time)
    {
        var name = $"slipway_{command.Parameters.Count}";
        command.Parameters.Add(new NpgsqlParameter(name, type)
        {
            Value = DateTime.SpecifyKind(time, type == NpgsqlDbType.TimestampTz ? DateTimeKind.Utc : DateTimeKind.Unspecified),
        });
        return $"@{name}";
    }

    /// <summary>Null beyond what a time can be.</summary>
    private static DateTime? Time(long microseconds) =>
        microseconds >= Microseconds.From(DateTimeOffset.MinValue) && microseconds < Microseconds.From(DateTimeOffset.MaxValue)
            ? Microseconds.ToDateTimeOffset(microseconds).UtcDateTime : null;
}
