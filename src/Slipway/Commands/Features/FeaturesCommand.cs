using System.CommandLine;

namespace Slipway.Commands.Features;

/// <summary><c>slipway features</c>: one line here and one file beside it for each of its commands.</summary>
internal static class FeaturesCommand
{
    public static Command Create() => new("features", "Define, compute, store and read features.")
    {
        JoinCommand.Create(),
        MaterializeCommand.Create(),
        EraseCommand.Create(),
        DeadLettersCommand.Create(),
    };
}
