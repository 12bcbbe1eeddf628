using System.CommandLine;
using Slipway.Client;
using Slipway.Configuration;
using Slipway.Core.Errors;

namespace Slipway.Commands.Client;

/// <summary>The flags of every command that talks to a server.</summary>
internal sealed class ClientFlags
{
    private const string DefaultServer = "http://127.0.0.1:8080";

    private readonly Option<string?> server = new("--server")
    {
        HelpName = "URL",
        Description = $"The server. Default: {ClientVariables.Server}, or {DefaultServer}",
    };

    private readonly Option<string?> key = KeyOption();

    private readonly Option<bool> json = new("--json") { Description = "Print JSON for scripts instead of a table" };

    private ClientFlags()
    {
    }

    /// <summary>Lets a command run with a client and a place to print to.</summary>
    public static Command Bind(Command command, Func<ParseResult, SlipwayClient, Output, CancellationToken, Task<int>> run)
    {
        var flags = new ClientFlags();
        command.Options.Add(flags.server);
        command.Options.Add(flags.key);
        command.Options.Add(flags.json);
        command.SetAction(async (parse, cancel) =>
        {
            using var client = flags.Connect(parse);
            return await run(parse, client, new Output(Console.Out, parse.GetValue(flags.json)), cancel);
        });
        return command;
    }

    /// <summary>The same for one that works out or throws.</summary>
    public static Command Bind(Command command, Func<ParseResult, SlipwayClient, Output, CancellationToken, Task> run) => Bind(
        command,
        async (parse, client, output, cancel) =>
        {
            await run(parse, client, output, cancel);
            return ExitCode.Ok;
        });

    /// <summary>What <see cref="KeyOf"/> reads.</summary>
    public static Option<string?> KeyOption() => new("--api-key")
    {
        HelpName = "KEY",
        Description = $"Who asks. Default: {ClientVariables.ApiKey}",
    };

    /// <returns>Null for a server that asks for none.</returns>
    public static string? KeyOf(ParseResult parse) => parse.GetValue<string?>("--api-key") ?? Variable(ClientVariables.ApiKey);

    private SlipwayClient Connect(ParseResult parse)
    {
        var text = parse.GetValue(server) ?? Variable(ClientVariables.Server) ?? DefaultServer;

        // A person waits at the terminal, so it gives up sooner than a training would.
        return Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? new SlipwayClient(address, KeyOf(parse), new SlipwayClientOptions { Attempts = 3 })
            : throw SlipwayException.Invalid($"'{text}' is not the address of a server; give one like {DefaultServer}");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
