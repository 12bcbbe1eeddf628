using System.CommandLine;
using System.Text.Json;
using Slipway.Configuration;
using Slipway.Core.Errors;
using Slipway.Hosting;

namespace Slipway.Commands.Demo;

/// <summary><c>slipway demo flights</c>: the whole life of a model on real data, in a server that stays to be looked at.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var flights = new Command("flights", "Predict late flights: from raw data to a served, monitored and retrained model.");
        var settings = SettingFlags.AddTo(flights);
        var exit = new Option<bool>("--exit") { Description = "Stop when the job is done; the exit code is 0 only if every step held" };
        var json = new Option<string?>("--json") { HelpName = "FILE", Description = "Write a summary of the job" };
        var source = new Option<string?>("--source") { HelpName = "FILE", Description = "Parquet file of flights. Default: the sample that comes with Slipway" };
        flights.Options.Add(exit);
        flights.Options.Add(json);
        flights.Options.Add(source);
        flights.SetAction(async (parse, cancel) =>
        {
            var example = new FlightsExample(parse.GetValue(source));
            var report = parse.GetValue(json);
            CheckReport(report);
            await using var host = SlipwayHost.Create(Quiet(settings.Load(parse)));
            await host.StartAsync(cancel);
            await RunAsync(host, example, report, cancel);
            if (!parse.GetValue(exit))
            {
                await Console.Out.WriteLineAsync($"\nSlipway keeps serving at {host.Address} (OpenAPI at {host.Address}/openapi/v1.json); Ctrl+C stops it.");
                await host.WaitForShutdownAsync(cancel);
            }

            return ExitCode.Ok;
        });
        return new Command("demo", "Run an example from end to end.") { flights };
    }

    /// <summary>The job tells what happens in its own words; whoever wants the log asks for a level.</summary>
    private static SlipwayOptions Quiet(SlipwayOptions options) =>
        options.LogLevel == LogLevel.Information ? options with { LogLevel = LogLevel.Error } : options;

    private static async Task RunAsync(SlipwayHost host, FlightsExample example, string? report, CancellationToken cancel)
    {
        using var http = new HttpClient { BaseAddress = new Uri(host.Address.ToString()), Timeout = TimeSpan.FromMinutes(10) };
        var progress = new DemoProgress(Console.Out, TimeProvider.System);
        progress.Say($"Slipway is ready at {host.Address}; state is kept in {host.Services.GetRequiredService<SlipwayOptions>().DataDirectory}");
        var demo = new FlightsDemo(new DemoApi(http), example, host.Services, progress);
        var summary = await demo.RunAsync(cancel);
        if (report is not null)
        {
            await WriteAsync(report, summary, cancel);
        }
    }

    /// <summary>Whole or not at all.</summary>
    private static async Task WriteAsync(string file, DemoSummary summary, CancellationToken cancel)
    {
        await File.WriteAllTextAsync(Temporary(file), JsonSerializer.Serialize(summary, DemoSummary.Json) + "\n", cancel);
        File.Move(Temporary(file), file, overwrite: true);
    }

    /// <summary>An hour of work is not lost to a file that cannot be written.</summary>
    private static void CheckReport(string? file)
    {
        if (file is null)
        {
            return;
        }

        if (Directory.Exists(file) || !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file))))
        {
            var wrong = Directory.Exists(file) ? $"'{file}' is a folder; give a file" : $"the folder of '{file}' does not exist; create it or choose another";
            throw SlipwayException.Invalid($"flag --json: {wrong}");
        }

        try
        {
            File.Create(Temporary(file), 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new SlipwayException(ErrorKind.Unavailable, $"flag --json: '{file}' cannot be written: {failure.Message.TrimEnd('.')}; choose another", failure);
        }
    }

    private static string Temporary(string file) => $"{file}.tmp";
}
