using System.CommandLine;
using Slipway.Client;
using Slipway.Core.Errors;

namespace Slipway.Commands.Client;

/// <summary>Which runs a list shows.</summary>
internal sealed class RunListFlags
{
    private readonly Option<string[]> experiment = new("--experiment")
    {
        HelpName = "NAME|ID",
        Description = "Only runs of this experiment. May be repeated. Default: all",
    };

    private readonly Option<string[]> order = new("--order-by") { HelpName = "WHAT", Description = "Such as \"metrics.auc desc\". May be repeated" };
    private readonly Option<int> limit = new("--limit") { HelpName = "N", Description = "At most so many. Default: 20", DefaultValueFactory = _ => 20 };
    private readonly Option<string> view = new("--view") { HelpName = "VIEW", Description = "active, deleted or all. Default: active", DefaultValueFactory = _ => "active" };

    public Command AddTo(Command command)
    {
        command.Options.Add(experiment);
        command.Options.Add(order);
        command.Options.Add(limit);
        command.Options.Add(view);
        return command;
    }

    public async Task<IReadOnlyList<RunDetail>> FindAsync(ParseResult parse, SlipwayClient client, string? filter, CancellationToken cancel)
    {
        var max = parse.GetValue(limit);
        Limit.Range("--limit", max, 1, 50_000);
        var shown = Enum.TryParse<View>(parse.GetValue(view), ignoreCase: true, out var known)
            ? known
            : throw SlipwayException.Invalid($"'{parse.GetValue(view)}' is not a view; use active, deleted or all");
        var ids = await ExperimentsCommand.FindAllAsync(client, parse.GetValue(experiment) ?? [], cancel);
        return ids.Count == 0 ? [] : await client.Runs
            .SearchAsync(new RunQuery(ids, filter, parse.GetValue(order) ?? [], shown, Math.Min(max, 200)), cancel)
            .Take(max).ToListAsync(cancel);
    }
}
