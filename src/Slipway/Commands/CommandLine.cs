using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Slipway.Commands.Client;
using Slipway.Commands.Demo;
using Slipway.Commands.Features;
using Slipway.Configuration;
using Slipway.Core.Errors;

namespace Slipway.Commands;

/// <summary>The command <c>slipway</c>. An error a user can fix is one line on standard error and an exit code.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] args)
    {
        var root = CreateRoot();
        try
        {
            var parse = root.Parse(args, new ParserConfiguration { EnablePosixBundling = false });
            if (parse.Action is ParseErrorAction)
            {
                throw SlipwayException.Invalid(DescribeError(parse));
            }

            // No timeout: the host itself listens to SIGTERM and Ctrl+C and takes the time it was given.
            return await parse.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (SlipwayException error)
        {
            await Console.Error.WriteLineAsync($"slipway: {error.Message.ReplaceLineEndings(" ")}");
            return error.Kind == ErrorKind.Invalid ? ExitCode.Usage : ExitCode.Failed;
        }
        catch (Exception error)
        {
            await Console.Error.WriteLineAsync($"slipway: an error inside the program; please report it with this trace\n{error}");
            return ExitCode.Failed;
        }
    }

    private static RootCommand CreateRoot()
    {
        var root = new RootCommand("Slipway runs the whole life of a model: features, training, registry, serving, monitoring.")
        {
            ServeCommand.Create(),
            DemoCommand.Create(),
            DoctorCommand.Create(),
            GcCommand.Create(),
            KeysCommand.Create(),
            UsersCommand.Create(),
            AuditCommand.Create(),
            VersionCommand.Create(),
            RunsCommand.Create(),
            ExperimentsCommand.Create(),
            LoggedModelsCommand.Create(),
            ModelsCommand.Create(),
            ApprovalsCommand.Create(),
            FeaturesCommand.Create(),
            ScoreCommand.Create(),
            LineageCommand.Create(),
        };
        var help = new HelpAction();
        root.SetAction(parse => help.Invoke(parse));
        return root;
    }

    /// <summary>As it was typed: <c>slipway runs list</c>.</summary>
    private static string PathOf(SymbolResult result) => result switch
    {
        CommandResult { Command: RootCommand } => "slipway",
        CommandResult { Parent: { } parent } command => $"{PathOf(parent)} {command.Command.Name}",
        _ => "slipway",
    };

    private static string DescribeError(ParseResult parse)
    {
        var command = parse.CommandResult.Command;
        var path = PathOf(parse.CommandResult);
        if (parse.UnmatchedTokens is not [var token, ..])
        {
            return command.Subcommands.Count == 0
                ? parse.Errors[0].Message
                : $"'{path}' needs a command: {string.Join(", ", command.Subcommands.Select(sub => sub.Name))}";
        }

        if (token.StartsWith('-'))
        {
            var flags = command.Options.Select(option => option.Name);
            return $"unknown flag '{token}'{NearestMatch.Suggest(token, flags)}; '{path} --help' lists the flags";
        }

        var commands = command.Subcommands.Select(sub => sub.Name);
        return command.Subcommands.Count > 0
            ? $"unknown command '{token}'{NearestMatch.Suggest(token, commands)}; '{path} --help' lists the commands"
            : $"'{path}' takes no argument '{token}'; '{path} --help' lists the flags";
    }
}
