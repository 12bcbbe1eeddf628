using System.CommandLine;
using Slipway.Hosting;

namespace Slipway.Commands;

/// <summary><c>slipway serve</c>: runs the server until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var command = new Command("serve", "Run the server until it gets SIGTERM or Ctrl+C.");
        var settings = SettingFlags.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            await using var host = SlipwayHost.Create(settings.Load(parse));
            await host.StartAsync(cancel);
            await Console.Out.WriteLineAsync($"Slipway is ready at {host.Address} (gRPC at {host.GrpcAddress})");
            await host.WaitForShutdownAsync(cancel);
            return ExitCode.Ok;
        });
        return command;
    }
}
