using System.CommandLine;
using System.Text.Json;
using Slipway.Core.Errors;

namespace Slipway.Commands.Client;

/// <summary><c>slipway logged-models</c></summary>
internal static class LoggedModelsCommand
{
    public static Command Create() => new("logged-models", "List, delete and restore models that runs have logged.")
    {
        List(), Delete(), Restore(),
    };

    private static Command List()
    {
        var filter = new Argument<string?>("FILTER") { Arity = ArgumentArity.ZeroOrOne, Description = "Such as \"params.depth = '3'\"" };
        var experiment = new Option<string[]>("--experiment") { HelpName = "NAME|ID", Description = "Only models of this experiment. May be repeated. Default: all" };
        var limit = new Option<int>("--limit") { HelpName = "N", Description = "At most so many. Default: 20", DefaultValueFactory = _ => 20 };
        return ClientFlags.Bind(
            new Command("list", "List logged models, newest first.") { filter, experiment, limit },
            async (parse, client, output, cancel) =>
            {
                var max = parse.GetValue(limit);
                Limit.Range("--limit", max, 1, 50_000);
                var ids = await ExperimentsCommand.FindAllAsync(client, parse.GetValue(experiment) ?? [], cancel);
                output.Table(
                    ids.Count == 0 ? [] : await client.LoggedModels.SearchAsync(ids, parse.GetValue(filter), cancel).Take(max).ToListAsync(cancel),
                    "No logged models.",
                    new("ID", m => m.Id),
                    new("NAME", m => m.Name),
                    new("STATUS", m => JsonNamingPolicy.SnakeCaseLower.ConvertName(m.Status.ToString())),
                    new("RUN", m => m.SourceRunId),
                    new("CREATED", m => Output.Time(m.CreatedMs)));
            });
    }

    private static Command Delete()
    {
        var ids = new Argument<string[]>("ID") { Arity = ArgumentArity.OneOrMore };
        return ClientFlags.Bind(
            new Command("delete", "Hide logged models until they are restored or collected.") { ids },
            (parse, client, output, cancel) => output.EachAsync(parse.GetRequiredValue(ids), "Deleted", client.LoggedModels.DeleteAsync, cancel));
    }

    private static Command Restore()
    {
        var ids = new Argument<string[]>("ID") { Arity = ArgumentArity.OneOrMore };
        return ClientFlags.Bind(
            new Command("restore", "Take back deleted logged models.") { ids },
            (parse, client, output, cancel) => output.EachAsync(parse.GetRequiredValue(ids), "Restored", client.LoggedModels.RestoreAsync, cancel));
    }
}
