using System.CommandLine;
using Slipway.Client;
using Slipway.Commands.Client;

namespace Slipway.Commands.Features;

/// <summary><c>slipway features plan</c> and <c>apply</c></summary>
internal static class PlanCommand
{
    public static Command Plan() => Create(
        "plan", "Show what an apply of the definitions in a folder would change.", (client, files, cancel) => client.Features.PlanAsync(files, cancel));

    public static Command Apply() => Create(
        "apply", "Put the definitions in a folder in force.", (client, files, cancel) => client.Features.ApplyAsync(files, cancel));

    private static Command Create(
        string name, string description, Func<SlipwayClient, IReadOnlyList<DefinitionFile>, CancellationToken, Task<List<DefinitionChange>>> send)
    {
        var folder = new Argument<string>("DIR") { Description = "The folder with the definitions in YAML, or one file" };
        return ClientFlags.Bind(new Command(name, description) { folder }, async (parse, client, output, cancel) =>
        {
            var files = await DefinitionFolder.ReadAsync(parse.GetRequiredValue(folder), cancel);
            var changes = await send(client, files, cancel);
            var stored = await client.Features.SearchAsync(new DefinitionQuery(), cancel);
            var left = stored.Where(found => !changes.Exists(change => (change.Kind, change.Name) == (found.Kind, found.Name))).ToList();
            output.Write(changes, (_, to) => ChangeText.Write(changes, left, isDone: name == "apply", to));
        });
    }
}
