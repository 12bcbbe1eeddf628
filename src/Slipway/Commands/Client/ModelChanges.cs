using System.CommandLine;
using Slipway.Client;
using Slipway.Core.Errors;

namespace Slipway.Commands.Client;

/// <summary>The commands of <c>slipway models</c> that change something.</summary>
internal static class ModelChanges
{
    public static Command Register()
    {
        var name = new Argument<string>("NAME");
        var run = new Option<string?>("--run") { HelpName = "ID", Description = "Register a file of this run as a version" };
        var artifact = new Option<string?>("--artifact") { HelpName = "PATH", Description = "Where the file is in the run" };
        var version = new Option<string?>("--version") { HelpName = "X.Y.Z", Description = "Default: the next minor version" };
        var description = new Option<string>("--description") { HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var owner = new Option<string>("--owner") { HelpName = "WHO", Description = "Whom to ask", DefaultValueFactory = _ => "" };
        var command = new Command("register", "Register a model, and with --run and --artifact a version of it.") { name, run, artifact, version, description, owner };
        return ClientFlags.Bind(command, async (parse, client, output, cancel) =>
        {
            var (model, source, path) = (parse.GetRequiredValue(name), parse.GetValue(run), parse.GetValue(artifact));
            if (source is null != path is null)
            {
                throw SlipwayException.Invalid("--run and --artifact are given together");
            }

            var registered = await client.Models.RegisterAsync(
                new NewModel(model, source is null ? parse.GetRequiredValue(description) : "", parse.GetRequiredValue(owner)), cancel);
            if (source is null)
            {
                output.Say(registered, $"Model '{registered.Name}' is registered.");
                return;
            }

            var made = await client.Models.CreateVersionAsync(
                model, new NewVersion(source, path!, Version: parse.GetValue(version), Description: parse.GetRequiredValue(description)), cancel);
            output.Say(made, $"Registered {made.Model}/{made.Version}, number {made.Number}.");
        });
    }

    public static Command Promote()
    {
        var name = new Argument<string>("NAME");
        var version = new Argument<string>("VERSION") { Description = "A semantic version, number, alias or stage" };
        var stage = new Argument<string>("STAGE") { Description = "development, staging, production, retired or archived" };
        var reason = new Option<string?>("--reason") { HelpName = "TEXT", Description = "Why; kept in the audit log" };
        var approval = new Option<string?>("--approval") { HelpName = "ID", Description = "The approval that is meant. Default: any that fits" };
        var command = new Command("promote", "Move a version to a stage.") { name, version, stage, reason, approval };
        return ClientFlags.Bind(command, async (parse, client, output, cancel) =>
        {
            var to = Enum.TryParse<Stage>(parse.GetValue(stage), ignoreCase: true, out var known)
                ? known
                : throw SlipwayException.Invalid($"'{parse.GetValue(stage)}' is not a stage; use development, staging, production, retired or archived");
            var moved = await client.Models.TransitionAsync(
                parse.GetRequiredValue(name), parse.GetRequiredValue(version), to, parse.GetValue(reason), parse.GetValue(approval), cancel);
            output.Say(moved, $"{moved.Model}/{moved.Version} is in {moved.Stage.ToString().ToLowerInvariant()}.");
        });
    }

    public static Command Alias()
    {
        var name = new Argument<string>("NAME");
        var alias = new Argument<string>("ALIAS") { Description = "Such as champion" };
        var version = new Argument<string?>("VERSION") { Arity = ArgumentArity.ZeroOrOne, Description = "Who gets it" };
        var delete = new Option<bool>("--delete") { Description = "Take the alias away instead" };
        return ClientFlags.Bind(new Command("alias", "Point an alias at a version.") { name, alias, version, delete }, async (parse, client, output, cancel) =>
        {
            var (model, what, to) = (parse.GetRequiredValue(name), parse.GetRequiredValue(alias), parse.GetValue(version));
            if (parse.GetValue(delete) == (to is not null))
            {
                throw SlipwayException.Invalid("give a VERSION or --delete, and not both");
            }

            if (to is null)
            {
                await client.Models.DeleteAliasAsync(model, what, cancel);
            }
            else
            {
                await client.Models.SetAliasAsync(model, what, to, cancel);
            }

            output.Say(new { Model = model, Alias = what, Version = to }, to is null ? $"{model} has no alias {what} any more." : $"{model}@{what} is {to}.");
        });
    }

    public static Command Card()
    {
        var name = new Argument<string>("NAME");
        var version = new Argument<string>("VERSION") { Description = "A semantic version, number, alias or stage" };
        var set = new Option<string?>("--set") { HelpName = "FILE", Description = "Replace the card with this Markdown; - reads standard input" };
        return ClientFlags.Bind(new Command("card", "Print or replace a version's model card.") { name, version, set }, async (parse, client, output, cancel) =>
        {
            var (model, reference) = (parse.GetRequiredValue(name), parse.GetRequiredValue(version));
            if (parse.GetValue(set) is { } file)
            {
                var text = file == "-" ? await Console.In.ReadToEndAsync(cancel) : await ReadAsync(file, cancel);
                await client.Models.PutCardAsync(model, reference, text, cancel);
            }

            output.Write(await client.Models.GetCardAsync(model, reference, cancel), (card, writer) => writer.Write(Lines(card.Markdown)));
        });
    }

    private static async Task<string> ReadAsync(string file, CancellationToken cancel) =>
        File.Exists(file) ? await File.ReadAllTextAsync(file, cancel) : throw SlipwayException.Invalid($"There is no file '{file}'.");

    /// <summary>Markdown of others, line by line, without what a terminal would obey.</summary>
    private static string Lines(string markdown) => string.Concat(markdown.Split('\n').Select(line => TextTable.Plain(line.TrimEnd('\r')) + "\n")).TrimEnd('\n') + "\n";
}
