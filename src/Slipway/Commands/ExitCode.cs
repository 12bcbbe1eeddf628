namespace Slipway.Commands;

/// <summary>What the shell learns from a command.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The command was understood and did not work out.</summary>
    public const int Failed = 1;

    /// <summary>A flag, variable, key or value is wrong; nothing was done.</summary>
    public const int Usage = 2;
}
