using System.Globalization;
using Slipway.Platform.Foundation;

namespace Slipway.Commands.Client;

/// <summary>Where a command prints: a table for people or one JSON document for scripts.</summary>
internal sealed class Output(TextWriter writer, bool asJson)
{
    public bool IsJson => asJson;

    /// <summary>The value itself as JSON, or what <paramref name="text"/> makes of it.</summary>
    public void Write<T>(T value, Action<T, TextWriter> text)
    {
        if (asJson)
        {
            writer.WriteLine(Json.Write(value));
        }
        else
        {
            text(value, writer);
        }
    }

    /// <summary>One row for each item, or a line that says there are none.</summary>
    public void Table<T>(IReadOnlyList<T> items, string none, params IReadOnlyList<Field<T>> fields) => Write(items, (rows, to) =>
    {
        if (rows.Count == 0)
        {
            to.WriteLine(none);
            return;
        }

        new TextTable([.. fields.Select(field => field.Title)], [.. rows.Select(row => fields.Select(field => field.Of(row)).ToArray())]).WriteTo(to);
    });

    /// <summary>A line for people, or the value for scripts.</summary>
    public void Say<T>(T value, string line) => Write(value, (_, to) => to.WriteLine(TextTable.Plain(line)));

    /// <summary>Does the same to each and says so at the end.</summary>
    /// <param name="verb">What was done, such as <c>Deleted</c>.</param>
    public async Task EachAsync(string[] ids, string verb, Func<string, CancellationToken, Task> act, CancellationToken cancel)
    {
        foreach (var id in ids)
        {
            await act(id, cancel);
        }

        Say(ids, $"{verb} {string.Join(", ", ids)}.");
    }

    public static string Time(long ms) => ms <= 0 ? "" : DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);

    public static string Bytes(long bytes) => bytes switch
    {
        < 1 << 10 => $"{bytes} B",
        < 1 << 20 => $"{Number(Math.Round(bytes / 1024.0, 1))} KiB",
        < 1 << 30 => $"{Number(Math.Round(bytes / 1048576.0, 1))} MiB",
        _ => $"{Number(Math.Round(bytes / 1073741824.0, 1))} GiB",
    };
}

/// <summary>A column of a table: its title and what it shows of an item.</summary>
internal sealed record Field<T>(string Title, Func<T, string?> Of);
