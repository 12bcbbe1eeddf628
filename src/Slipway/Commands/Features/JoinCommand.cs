using System.CommandLine;
using System.Globalization;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Commands.Features;

/// <summary><c>slipway features join</c>: a training set from files alone.</summary>
internal static class JoinCommand
{
    private static readonly Option<string> Repository = new("--repo")
    {
        HelpName = "DIR",
        Description = "The folder with the definitions in YAML",
        Required = true,
    };

    private static readonly Option<string> Entities = new("--entities")
    {
        HelpName = "FILE",
        Description = "Rows with event_timestamp and the join keys, .parquet or .csv",
        Required = true,
    };

    private static readonly Option<string?> Features = new("--features")
    {
        HelpName = "LIST",
        Description = "What to join, as view:feature,view:feature,…",
    };

    private static readonly Option<string?> Service = new("--service") { HelpName = "NAME", Description = "… or all features of a feature service" };

    private static readonly Option<bool> FullNames = new("--full-names") { Description = "Call columns view__feature instead of feature" };

    private static readonly Option<bool> CreatedFilter = new("--created-filter")
    {
        Description = "Use only rows that were written by then, in views with a created timestamp",
    };

    private static readonly Option<string> Output = new("--out")
    {
        HelpName = "FILE",
        Description = "The result, .parquet or .csv; replaces a file that is there",
        Required = true,
    };

    /// <summary>Small enough for several views at once beside what the join itself keeps; beyond it DuckDB goes to disk.</summary>
    private const int MemoryMegabytes = 768;

    public static Command Create()
    {
        var command = new Command("join", "Add features to rows of a file, each as known at the row's event_timestamp.")
        {
            Repository, Entities, Features, Service, FullNames, CreatedFilter, Output,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken cancel)
    {
        var request = new JoinRequest(parse.GetRequiredValue(Repository), parse.GetRequiredValue(Entities), parse.GetRequiredValue(Output))
        {
            Service = parse.GetValue(Service),
            Features = parse.GetValue(Features)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [],
            FullNames = parse.GetValue(FullNames),
            CreatedFilter = parse.GetValue(CreatedFilter),
        };
        if (request.Service is null == (request.Features.Count == 0))
        {
            throw SlipwayException.Invalid("'slipway features join' needs either --features or --service");
        }

        using var analytics = new AnalyticsEngine(new AnalyticsOptions { MemoryMegabytes = MemoryMegabytes });
        var joined = await new FileJoin(analytics).RunAsync(request, cancel);
        foreach (var violation in joined.Violations)
        {
            // Here a view has no version; what the catalog calls it is nobody's business.
            await Console.Error.WriteLineAsync(violation.Message.Replace("@1: ", ": ", StringComparison.Ordinal));
        }

        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{joined.Rows} rows with {string.Join(", ", joined.Features)} in {request.Output}"));
        return ExitCode.Ok;
    }
}
