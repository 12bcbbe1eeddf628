using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Slipway.Client;
using Slipway.Commands.Client;
using Slipway.Core.Errors;

namespace Slipway.Commands.Features;

/// <summary><c>slipway features list</c>, <c>search</c>, <c>show</c> and <c>unused</c></summary>
internal static class DirectoryCommands
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command List()
    {
        var kind = KindOption();
        return ClientFlags.Bind(new Command("list", "List the definitions in force.") { kind }, async (parse, client, output, cancel) =>
            Table(output, await client.Features.SearchAsync(new DefinitionQuery(KindOf(parse.GetValue(kind))), cancel), "No definitions."));
    }

    public static Command Search()
    {
        var text = new Argument<string?>("TEXT") { Arity = ArgumentArity.ZeroOrOne, Description = "In a name, a description or the name of a feature" };
        var (kind, tag, owner) = (KindOption(), Text("--tag", "TAG", "Only with this tag"), Text("--owner", "NAME", "Only of this owner"));
        var (entity, type) = (Text("--entity", "NAME", "Only about this entity"), Text("--type", "TYPE", "A data type of features such as float64, or a kind of view such as streaming"));
        return ClientFlags.Bind(new Command("search", "Find definitions.") { text, kind, tag, owner, entity, type }, async (parse, client, output, cancel) =>
            Table(
                output,
                await client.Features.SearchAsync(
                    new DefinitionQuery(
                        KindOf(parse.GetValue(kind)), parse.GetValue(text), parse.GetValue(tag), parse.GetValue(owner), parse.GetValue(entity), parse.GetValue(type)),
                    cancel),
                "Nothing is like this."));
    }

    public static Command Show()
    {
        var (name, kind) = (new Argument<string>("NAME") { Description = "A view, service or entity" }, KindOption());
        return ClientFlags.Bind(new Command("show", "Show a definition, its versions and who uses it.") { name, kind }, async (parse, client, output, cancel) =>
        {
            var called = parse.GetRequiredValue(name);
            var asked = KindOf(parse.GetValue(kind));
            var found = (await client.Features.SearchAsync(new DefinitionQuery(asked), cancel)).Where(d => d.Name == called)
                .OrderByDescending(d => d.Kind == DefinitionKind.View).ThenByDescending(d => d.Kind).FirstOrDefault()
                ?? throw SlipwayException.NotFound($"nothing is called '{called}'");
            output.Write(await client.Features.GetDefinitionAsync(found.Kind, called, cancel), Detail);
        });
    }

    public static Command Unused() => ClientFlags.Bind(
        new Command("unused", "List features that no model and no endpoint uses."), async (_, client, output, cancel) => output.Table(
            await client.Features.GetUnusedAsync(cancel), "Every feature is used.", new("VIEW", f => f.View), new("FEATURE", f => f.Feature),
            new("STILL IN SERVICES", f => string.Join(", ", f.Services))));

    private static void Table(Output output, IReadOnlyList<FoundDefinition> found, string none) => output.Table(
        found, none, new("KIND", d => ChangeText.Word(d.Kind)), new("NAME", d => d.Name), new("VERSION", d => d.Version.ToString(CultureInfo.InvariantCulture)),
        new("TYPE", d => d.Type), new("FEATURES", d => string.Join(", ", d.Features.Select(f => f.Type is null ? f.Name : $"{f.Name} {f.Type}"))),
        new("OWNER", d => d.Owner), new("TAGS", d => string.Join(", ", d.Tags)),
        new("DEPRECATED", d => d.Deprecated?.On.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)), new("DESCRIPTION", d => d.Description));

    private static void Detail(DefinitionDetail detail, TextWriter to)
    {
        var latest = detail.Latest;
        to.WriteLine(TextTable.Plain($"{ChangeText.Word(latest.Kind)} {latest.Name} {latest.Version}"));
        to.WriteLine(TextTable.Plain($"used by {ChangeText.Consumers(detail.Consumers)}"));
        foreach (var line in JsonNode.Parse(latest.Definition)!.ToJsonString(Indented).Split('\n'))
        {
            to.WriteLine(TextTable.Plain(line));
        }

        new TextTable(
            ["VERSION", "APPLIED", "BY", "CONTENT"],
            [
                .. detail.Versions.Select(v => new[]
                {
                    v.Version.ToString(CultureInfo.InvariantCulture), Output.Time(v.Applied.ToUnixTimeMilliseconds()), v.AppliedBy, v.ContentHash[..12],
                }),
            ]).WriteTo(to);
    }

    private static Option<string?> KindOption() => Text("--kind", "KIND", "entity, view or service");

    private static Option<string?> Text(string name, string help, string description) => new(name) { HelpName = help, Description = description };

    private static DefinitionKind? KindOf(string? text) => text is null ? null
        : Enum.TryParse<DefinitionKind>(text, ignoreCase: true, out var kind) && !char.IsAsciiDigit(text[0]) ? kind
        : throw SlipwayException.Invalid($"'{text}' is not a kind; use entity, view or service");
}
