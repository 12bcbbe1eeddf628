using System.CommandLine;
using Slipway.Client;
using Slipway.Client.Reproduction;
using Slipway.Commands.Client;

namespace Slipway.Commands.Reproduce;

/// <summary>
/// <c>slipway runs reproduce</c>: says what differs between a run and what is here, and on demand makes it again. Ends with 1
/// when something differs.
/// </summary>
internal static class ReproduceCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("ID");
        var run = new Option<bool>("--run") { Description = "Run the command as a new run and compare params, metrics and packages. It is a program somebody recorded: read it first" };
        var into = new Option<string?>("--into") { HelpName = "DIR", Description = "Check the commit out into this new folder, apply the diff, and work there" };
        var tolerance = new Option<double>("--tolerance") { HelpName = "X", Description = "How far a metric may be off, relative to its size. Default: 0" };
        var command = new Command("reproduce", "Compare a run's code, data and environment with what is here.") { id, run, into, tolerance };
        return ClientFlags.Bind(command, async (parse, client, output, cancel) =>
        {
            var old = await client.Runs.GetAsync(parse.GetRequiredValue(id), cancel);
            var recipe = Recipe.Of(old);
            var root = await RootAsync(client, recipe, parse.GetValue(into), cancel);
            var findings = await Inspection.CompareAsync(recipe, root, cancel);
            var folder = Path.GetFullPath(Path.Combine(root, recipe.Folder));
            var rerun = parse.GetValue(run)
                ? await RerunCommand.RunAsync(client, ClientFlags.KeyOf(parse), old, recipe, folder, parse.GetValue(tolerance), cancel)
                : null;
            var report = new ReproductionReport(old.Run.Id, recipe.Command, folder, findings, rerun);
            output.Write(report, Print);
            return report.Differs ? ExitCode.Failed : ExitCode.Ok;
        });
    }

    private static async Task<string> RootAsync(SlipwayClient client, Recipe recipe, string? into, CancellationToken cancel)
    {
        var here = Path.GetFullPath(".");
        if (into is null)
        {
            return (await GitCheckout.LookAsync(here, cancel))?.Root ?? here;
        }

        var folder = Path.GetFullPath(into);
        await Workspace.MakeAsync(client, recipe, here, folder, cancel);
        return folder;
    }

    private static void Print(ReproductionReport report, TextWriter writer)
    {
        writer.WriteLine(TextTable.Plain(report.Command is null
            ? $"Run {report.RunId} does not say how it was started."
            : $"To make run {report.RunId} again:  cd {report.Folder} && {report.Command}"));
        Table(report.Findings).WriteTo(writer);
        if (report.Rerun is { } rerun)
        {
            writer.WriteLine($"Run again as {rerun.RunId}; the command ended with {rerun.ExitCode}.");
            Table(rerun.Findings).WriteTo(writer);
        }

        writer.WriteLine(report.Differs ? "Something differs." : "Nothing that is known differs.");
    }

    private static TextTable Table(IReadOnlyList<Finding> findings) => new(
        ["", "RECORDED", "HERE", "", ""],
        [.. findings.Select(f => new[] { f.What, f.Recorded ?? "-", f.Here ?? "-", f.Verdict.ToString().ToLowerInvariant(), f.Advice })]);
}
