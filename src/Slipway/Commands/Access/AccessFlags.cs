using System.CommandLine;
using Slipway.Core.Errors;

namespace Slipway.Commands.Access;

/// <summary>Where a command finds what it works on: a data folder or database, or a server and the key to it.</summary>
internal sealed class AccessFlags
{
    public const string ServerVariable = "SLIPWAY_SERVER";
    public const string KeyVariable = "SLIPWAY_API_KEY";

    private readonly SettingFlags settings;

    private readonly Option<string?> server = new("--server")
    {
        HelpName = "URL",
        Description = $"Go through this running server; also {ServerVariable}. Default: work on the data folder itself",
    };

    private readonly Option<string?> key = new("--api-key")
    {
        HelpName = "KEY",
        Description = $"The key to that server; better in {KeyVariable}, which other users of the machine do not see",
    };

    private AccessFlags(Command command)
    {
        settings = SettingFlags.AddTo(command, "data", "database");
        command.Options.Add(server);
        command.Options.Add(key);
        command.Options.Add(Json);
    }

    public Option<bool> Json { get; } = new("--json") { Description = "Print JSON" };

    public static AccessFlags AddTo(Command command) => new(command);

    /// <param name="mayCreate">Whether a data folder that does not exist is made.</param>
    public async Task<IAccessDoor> OpenAsync(ParseResult parse, CancellationToken cancel, bool mayCreate = false)
    {
        var said = parse.GetValue(server) ?? (settings.AnyGiven(parse) ? null : Variable(ServerVariable));
        if (said is null)
        {
            return await LocalAccess.OpenAsync(settings.Load(parse), mayCreate, cancel);
        }

        return Uri.TryCreate(said, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? new RemoteAccess(url, parse.GetValue(key) ?? Variable(KeyVariable))
            : throw SlipwayException.Invalid($"--server: '{said}' is not an http or https URL");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
