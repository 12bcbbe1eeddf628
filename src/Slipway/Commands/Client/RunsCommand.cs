using System.CommandLine;
using Slipway.Client;
using Slipway.Commands.Reproduce;

namespace Slipway.Commands.Client;

/// <summary><c>slipway runs</c></summary>
internal static class RunsCommand
{
    public static Command Create() => new("runs", "List, search, read, compare, download, delete, restore and reproduce runs.")
    {
        List(), Search(), Get(), Compare(), Download(), Delete(), Restore(), ReproduceCommand.Create(),
    };

    private static Command List()
    {
        var flags = new RunListFlags();
        return ClientFlags.Bind(
            flags.AddTo(new Command("list", "List runs, newest first.")),
            async (parse, client, output, cancel) => RunText.List(await flags.FindAsync(parse, client, null, cancel), output));
    }

    private static Command Search()
    {
        var flags = new RunListFlags();
        var filter = new Argument<string>("FILTER") { Description = "Such as \"metrics.auc > 0.8 and params.leaves = '31'\"" };
        return ClientFlags.Bind(
            flags.AddTo(new Command("search", "Find runs by metrics, params, tags and attributes.") { filter }),
            async (parse, client, output, cancel) => RunText.List(await flags.FindAsync(parse, client, parse.GetValue(filter), cancel), output));
    }

    private static Command Get()
    {
        var id = new Argument<string>("ID");
        return ClientFlags.Bind(
            new Command("get", "Show all that a run has logged.") { id },
            async (parse, client, output, cancel) => output.Write(await client.Runs.GetAsync(parse.GetRequiredValue(id), cancel), RunText.Detail));
    }

    private static Command Compare()
    {
        var ids = new Argument<string[]>("ID") { Arity = new ArgumentArity(2, 20), Description = "Two runs or more" };
        var all = new Option<bool>("--all") { Description = "Show what is equal as well" };
        return ClientFlags.Bind(new Command("compare", "Put runs side by side.") { ids, all }, async (parse, client, output, cancel) =>
        {
            var runs = new List<RunDetail>();
            foreach (var id in parse.GetRequiredValue(ids))
            {
                runs.Add(await client.Runs.GetAsync(id, cancel));
            }

            RunComparison.Of(runs, parse.GetValue(all)).WriteTo(output);
        });
    }

    private static Command Download()
    {
        var id = new Argument<string>("ID");
        var path = new Argument<string?>("PATH") { Arity = ArgumentArity.ZeroOrOne, Description = "A file or folder of the run; all when absent" };
        var into = new Option<string>("--into") { HelpName = "DIR", Description = "Where to. Default: .", DefaultValueFactory = _ => "." };
        return ClientFlags.Bind(new Command("download", "Write the files of a run to a folder.") { id, path, into }, async (parse, client, output, cancel) =>
        {
            var run = parse.GetRequiredValue(id);
            var files = await RunFiles.DownloadAsync(client, run, parse.GetValue(path), parse.GetRequiredValue(into), cancel);
            output.Table(files, $"Run {run} has no files.", new("FILE", f => f.Path), new("SIZE", f => Output.Bytes(f.Bytes)));
        });
    }

    private static Command Delete()
    {
        var ids = new Argument<string[]>("ID") { Arity = ArgumentArity.OneOrMore };
        return ClientFlags.Bind(
            new Command("delete", "Hide runs until they are restored or collected.") { ids },
            (parse, client, output, cancel) => output.EachAsync(parse.GetRequiredValue(ids), "Deleted", client.Runs.DeleteAsync, cancel));
    }

    private static Command Restore()
    {
        var ids = new Argument<string[]>("ID") { Arity = ArgumentArity.OneOrMore };
        return ClientFlags.Bind(
            new Command("restore", "Take back deleted runs.") { ids },
            (parse, client, output, cancel) => output.EachAsync(parse.GetRequiredValue(ids), "Restored", client.Runs.RestoreAsync, cancel));
    }
}
