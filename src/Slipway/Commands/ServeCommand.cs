using System.CommandLine;
using Slipway.Configuration;
using Slipway.Hosting;

namespace Slipway.Commands;

/// <summary><c>slipway serve</c>: runs the server until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var command = new Command("serve", "Run the server until it gets SIGTERM or Ctrl+C.");
        var settings = SettingFlags.AddTo(command);
        command.SetAction((parse, cancel) => RunAsync(settings.Load(parse), cancel));
        return command;
    }

    private static async Task<int> RunAsync(SlipwayOptions options, CancellationToken cancel)
    {
        await using var host = SlipwayHost.Create(options);
        try
        {
            await host.StartAsync(cancel);
            await Console.Out.WriteLineAsync($"Slipway is ready at {host.Address} (gRPC at {host.GrpcAddress})");
        }
        catch (OperationCanceledException) when (host.IsStopping)
        {
            // A signal came before it was ready: it ends as it would have ended later.
        }

        await host.WaitForShutdownAsync(cancel);
        return ExitCode.Ok;
    }
}
