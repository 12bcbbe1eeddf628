using System.CommandLine;

namespace Slipway.Commands.Features;

/// <summary><c>slipway features</c>: one line here and one file beside it for each of its commands.</summary>
internal static class FeaturesCommand
{
    public static Command Create() => new("features", "Define, compute, store and read features.")
    {
        PlanCommand.Plan(),
        PlanCommand.Apply(),
        JoinCommand.Create(),
        MaterializeCommand.Create(),
        GetCommand.Create(),
        DirectoryCommands.List(),
        DirectoryCommands.Show(),
        DirectoryCommands.Search(),
        DirectoryCommands.Unused(),
        EraseCommand.Create(),
        DeadLettersCommand.Create(),
    };
}
