namespace Slipway.Configuration;

/// <summary>Variables for commands and programs that call a server. A server in the same environment leaves them alone.</summary>
internal static class ClientVariables
{
    public const string Server = "SLIPWAY_SERVER";

    public const string ApiKey = "SLIPWAY_API_KEY";

    /// <summary>The run that a program which is started logs into; see <c>slipway runs reproduce --run</c>.</summary>
    public const string Run = "SLIPWAY_RUN_ID";

    public static IReadOnlyList<string> All { get; } = [Server, ApiKey, Run];
}
