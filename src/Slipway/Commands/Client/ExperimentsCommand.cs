using System.CommandLine;
using System.Globalization;
using Slipway.Client;
using Slipway.Core.Errors;

namespace Slipway.Commands.Client;

/// <summary><c>slipway experiments</c></summary>
internal static class ExperimentsCommand
{
    public static Command Create() => new("experiments", "List, create, delete and restore experiments.")
    {
        List(), New(), Delete(), Restore(),
    };

    /// <param name="reference">A name or a number; a name that is a number is found by its number.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public static Task<Experiment> FindAsync(SlipwayClient client, string reference, CancellationToken cancel) =>
        long.TryParse(reference, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? client.Experiments.GetAsync(id, cancel)
            : client.Experiments.GetAsync(reference, cancel);

    /// <returns>The numbers of these experiments; of all when none is given.</returns>
    public static async Task<List<long>> FindAllAsync(SlipwayClient client, string[] references, CancellationToken cancel)
    {
        if (references.Length == 0)
        {
            return await client.Experiments.ListAsync(cancel: cancel).Select(e => e.Id).ToListAsync(cancel);
        }

        var ids = new List<long>();
        foreach (var reference in references)
        {
            ids.Add((await FindAsync(client, reference, cancel)).Id);
        }

        return ids;
    }

    private static Command List() => ClientFlags.Bind(
        new Command("list", "List the experiments, by name."),
        async (_, client, output, cancel) => output.Table(
            await client.Experiments.ListAsync(cancel: cancel).ToListAsync(cancel),
            "There are no experiments.",
            new("ID", e => e.Id.ToString(CultureInfo.InvariantCulture)),
            new("NAME", e => e.Name),
            new("PROJECT", e => e.Project),
            new("CREATED", e => Output.Time(e.CreatedMs)),
            new("BY", e => e.CreatedBy)));

    private static Command New()
    {
        var name = new Argument<string>("NAME");
        var project = new Option<string?>("--project") { HelpName = "NAME", Description = "Whose grants count. Default: default" };
        return ClientFlags.Bind(new Command("create", "Create an experiment.") { name, project }, async (parse, client, output, cancel) =>
        {
            var made = await client.Experiments.CreateAsync(new NewExperiment(parse.GetRequiredValue(name), parse.GetValue(project)), cancel);
            output.Say(made, $"Created experiment {made.Id}, '{made.Name}'.");
        });
    }

    private static Command Delete()
    {
        var which = new Argument<string>("NAME|ID");
        return ClientFlags.Bind(
            new Command("delete", "Hide an experiment and its runs until they are restored or collected.") { which },
            async (parse, client, output, cancel) =>
            {
                var found = await FindAsync(client, parse.GetRequiredValue(which), cancel);
                await client.Experiments.DeleteAsync(found.Id, cancel);
                output.Say(new { found.Id }, $"Deleted experiment {found.Id}, '{found.Name}'; 'slipway experiments restore {found.Id}' takes it back.");
            });
    }

    private static Command Restore()
    {
        var id = new Argument<long>("ID");
        return ClientFlags.Bind(new Command("restore", "Take back a deleted experiment.") { id }, async (parse, client, output, cancel) =>
        {
            await client.Experiments.RestoreAsync(parse.GetValue(id), cancel);
            output.Say(new { Id = parse.GetValue(id) }, $"Restored experiment {parse.GetValue(id)}.");
        });
    }
}
