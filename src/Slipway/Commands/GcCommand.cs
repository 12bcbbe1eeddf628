using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Slipway.Commands.Client;
using Slipway.Configuration;
using Slipway.Core.Errors;
using Slipway.Doctor;
using Slipway.Hosting;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Yaml;
using Slipway.Platform.Tracking.Garbage;

namespace Slipway.Commands;

/// <summary>
/// <c>slipway gc</c>: takes away for good what was deleted, through a running server, or on the data folder while none runs.
/// </summary>
internal static class GcCommand
{
    private static readonly Actor Operator = new(Actors.Local.Name, Role.Admin);

    public static Command Create()
    {
        var command = new Command("gc", "Remove for good what was deleted, and files and jobs that nothing needs.");
        var age = new Option<string>("--older-than")
        {
            HelpName = "AGE",
            Description = "How long ago it was deleted, such as 30d or 12h. Default: 30d",
            DefaultValueFactory = _ => "30d",
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be removed" };
        var server = new Option<string?>("--server") { HelpName = "URL", Description = "Ask this running server. Default: work on the data folder" };
        var key = ClientFlags.KeyOption();
        var json = new Option<bool>("--json") { Description = "Print one JSON object" };
        foreach (var option in (Option[])[age, dryRun, server, key, json])
        {
            command.Options.Add(option);
        }

        var settings = SettingFlags.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            var request = new GarbageRequest(Age(parse.GetValue(age)!), parse.GetValue(dryRun));
            var report = parse.GetValue(server) is { } url
                ? await GcRemote.CollectAsync(url, ClientFlags.KeyOf(parse), request, cancel)
                : await CollectAsync(settings.Load(parse), request, cancel);
            Print(report, parse.GetValue(json));
            return ExitCode.Ok;
        });
        return command;
    }

    private static TimeSpan Age(string text) => Duration.TryParse(text, out var age)
        ? age
        : throw SlipwayException.Invalid($"flag --older-than: '{text}' is no length of time; use one such as 30d or 12h");

    /// <summary>The lock of the data folder says that no server works on it; of the server's services only those that are asked are made.</summary>
    private static async Task<GarbageReport> CollectAsync(SlipwayOptions options, GarbageRequest request, CancellationToken cancel)
    {
        if (!Directory.Exists(options.DataDirectory))
        {
            throw SlipwayException.NotFound($"there is no data folder '{options.DataDirectory}'; choose another with --data");
        }

        using var folder = Held(options.DataDirectory);
        await using var services = new ServiceCollection().AddLogging().AddSlipway(options).BuildServiceProvider();
        await services.GetRequiredService<Migrator>().MigrateAsync(cancel);
        return await services.GetRequiredService<GarbageService>().CollectAsync(Operator, request, cancel);
    }

    private static DataFolder Held(string path)
    {
        try
        {
            return DataFolder.Open(path);
        }
        catch (SlipwayException held) when (held.Kind == ErrorKind.Conflict)
        {
            throw new SlipwayException(
                held.Kind, $"a server works on the data folder '{path}'; ask it with --server URL, or stop it first", held);
        }
    }

    private static void Print(GarbageReport report, bool asJson)
    {
        if (asJson)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(report, Json.Options));
            return;
        }

        foreach (var item in report.Items)
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{(report.DryRun ? "would remove" : "removed"),-12}  {EnumName.Of(item.Kind),-12}  {ByteSize.Format(item.Bytes),10}  {item.Name}{(item.Count == 1 ? "" : $" ({item.Count})")}"));
        }

        foreach (var kept in report.Kept)
        {
            Console.Out.WriteLine($"{"kept",-12}  {EnumName.Of(kept.Kind),-12}  {"",10}  {kept.Name}: {kept.Reason}");
        }

        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Items.Sum(item => item.Count)} {(report.DryRun ? "would be removed" : "removed")}, {ByteSize.Format(report.Bytes)} {(report.DryRun ? "would be free" : "free")}"));
    }
}
