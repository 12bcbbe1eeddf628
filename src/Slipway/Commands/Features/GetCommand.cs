using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Slipway.Client;
using Slipway.Commands.Client;
using Slipway.Core.Errors;

namespace Slipway.Commands.Features;

/// <summary><c>slipway features get</c>: what a service is given online, and what became of each value.</summary>
internal static class GetCommand
{
    public static Command Create()
    {
        var service = new Argument<string>("SERVICE") { Description = "A feature service, or a version of one as NAME@3" };
        var keys = new Option<string>("--keys")
        {
            HelpName = "JSON",
            Required = true,
            Description = """Per join key and request value an array of values, such as '{"customer_id": [5, 6]}'""",
        };
        var fullNames = new Option<bool>("--full-names") { Description = "Call columns view__feature instead of feature" };
        var command = new Command("get", "Read the features of a service online.") { service, keys, fullNames };
        return ClientFlags.Bind(command, async (parse, client, output, cancel) =>
        {
            var found = await client.Features.GetOnlineAsync(
                parse.GetRequiredValue(service), Parse(parse.GetRequiredValue(keys)), parse.GetValue(fullNames), cancel);
            output.Write(found, Write);
        });
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/></exception>
    public static JsonElement Parse(string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException wrong)
        {
            throw SlipwayException.Invalid($"flag --keys: this is not JSON: {wrong.Message}");
        }
    }

    private static void Write(OnlineFeatures found, TextWriter to)
    {
        foreach (var warning in found.Warnings ?? [])
        {
            to.WriteLine(TextTable.Plain($"! {warning}"));
        }

        var rows = found.Columns.Count == 0 ? 0 : found.Values[found.Columns[0]].Count;
        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{TextTable.Plain(found.Service)} version {found.Version}"));
        new TextTable(
            ["ROW", "FEATURE", "VALUE", "STATUS", "SINCE"],
            [
                .. from row in Enumerable.Range(0, rows)
                   from column in found.Columns
                   let since = found.EventTimes[column][row]
                   select new[]
                   {
                       row.ToString(CultureInfo.InvariantCulture), column, found.Values[column][row].ToString(), found.Statuses[column][row],
                       since is { } at ? Output.Time(at.ToUnixTimeMilliseconds()) : "",
                   },
            ]).WriteTo(to);
    }
}
