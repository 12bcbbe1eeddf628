using System.CommandLine;
using System.Globalization;
using Slipway.Client;
using Slipway.Commands.Client;
using Slipway.Core.Errors;

namespace Slipway.Commands.Features;

/// <summary><c>slipway features materialize</c>: brings views into a server's online store and shows how far it is.</summary>
internal static class MaterializeCommand
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    public static Command Create()
    {
        var views = new Option<string[]>("--views") { HelpName = "NAME,…", Description = "Default: all whose source has a file", AllowMultipleArgumentsPerToken = true };
        var full = new Option<bool>("--full") { Description = "All rows" };
        var incremental = new Option<bool>("--incremental") { Description = "Rows since the last time; the default" };
        var from = new Option<string?>("--from") { HelpName = "TIME", Description = "Rows from this event time on, such as 2026-01-31T00:00:00Z" };
        var to = new Option<string?>("--to") { HelpName = "TIME", Description = "Rows up to this event time. Default: now" };
        var every = new Option<string?>("--every") { HelpName = "CRON", Description = "Let the server do it by itself from now on, such as '*/5 * * * *'" };
        var name = new Option<string>("--schedule") { HelpName = "NAME", Description = "The schedule's name, with --every", DefaultValueFactory = _ => "default" };
        var wait = new Option<bool>("--no-wait") { Description = "Print the run's id and leave it to the server" };
        var command = new Command("materialize", "Bring views into the online store.") { views, full, incremental, from, to, every, name, wait };
        return ClientFlags.Bind(command, async (parse, client, output, cancel) =>
        {
            string[]? named = parse.GetValue(views) is { Length: > 0 } given ? [.. given.SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries))] : null;
            var mode = ModeOf(parse.GetValue(full), parse.GetValue(incremental), parse.GetValue(from) is not null);
            if (parse.GetValue(every) is { } cron)
            {
                if (mode is not null and not MaterializationMode.Incremental || parse.GetValue(to) is not null)
                {
                    throw SlipwayException.Invalid("--every is always incremental and up to the time it runs; give no --full, --from or --to with it");
                }

                var schedule = new MaterializationSchedule(cron, Views: named);
                await client.Features.ScheduleMaterializationAsync(parse.GetRequiredValue(name), schedule, cancel);
                output.Say(schedule, $"The server materializes what is new at '{cron}' (UTC).");
                return ExitCode.Ok;
            }

            var request = new NewMaterialization(named, mode, Time("--from", parse.GetValue(from)), Time("--to", parse.GetValue(to)));
            var run = await client.Features.StartMaterializationAsync(request, cancel);
            if (parse.GetValue(wait))
            {
                output.Say(run, run.Id);
                return ExitCode.Ok;
            }

            return Report(await FollowAsync(client, run, output.IsJson, cancel), output);
        });
    }

    private static MaterializationMode? ModeOf(bool full, bool incremental, bool from) => (full, incremental, from) switch
    {
        (true, false, false) => MaterializationMode.Full,
        (false, true, false) => MaterializationMode.Incremental,
        (false, false, true) => MaterializationMode.Range,
        (false, false, false) => null,
        _ => throw SlipwayException.Invalid("give one of --full, --incremental and --from"),
    };

    /// <summary>Progress goes to standard error, a line whenever it changes: standard output is the result.</summary>
    private static async Task<Materialization> FollowAsync(SlipwayClient client, Materialization run, bool quiet, CancellationToken cancel)
    {
        var said = "";
        while (!run.HasEnded)
        {
            await Task.Delay(Poll, cancel);
            run = await client.Features.GetMaterializationAsync(run.Id, cancel);
            var line = string.Join("; ", run.Views.Where(view => !view.Finished).Select(view => string.Create(
                CultureInfo.InvariantCulture, $"{view.View}: {view.Rows} entities, {view.Done:P0}")));
            if (!quiet && line.Length > 0 && line != said)
            {
                await Console.Error.WriteLineAsync(TextTable.Plain(line));
                said = line;
            }
        }

        return run;
    }

    private static int Report(Materialization run, Output output)
    {
        if (run.State == MaterializationState.Dead)
        {
            throw new SlipwayException(ErrorKind.FailedPrecondition, $"materialization {run.Id} failed: {run.Error}");
        }

        if (!output.IsJson)
        {
            run.Views.SelectMany(view => view.Violations ?? []).ToList().ForEach(violation => Console.Error.WriteLine(TextTable.Plain(violation.Message)));
        }

        output.Write(run, (done, writer) => new TextTable(
            ["VIEW", "UP TO", "ENTITIES"],
            [.. done.Views.Select(view => new string?[]
            {
                view.View, view.To.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture), view.Rows.ToString(CultureInfo.InvariantCulture),
            })]).WriteTo(writer));
        return ExitCode.Ok;
    }

    private static DateTimeOffset? Time(string flag, string? text) => text is null ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time
        : throw SlipwayException.Invalid($"flag {flag}: '{text}' is not a time; give one like 2026-01-31T00:00:00Z");
}
