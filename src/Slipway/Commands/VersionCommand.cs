using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json;
using Slipway.Hosting;
using Slipway.Platform.Foundation;

namespace Slipway.Commands;

/// <summary><c>slipway version</c>: what this program is and what it runs on.</summary>
internal static class VersionCommand
{
    public static Command Create()
    {
        var command = new Command("version", "Print the version, the runtime and the operating system.");
        var json = new Option<bool>("--json") { Description = "Print one JSON object" };
        command.Options.Add(json);
        command.SetAction(parse => Console.Out.WriteLine(parse.GetValue(json) ? AsJson() : AsText()));
        return command;
    }

    private static string AsText()
    {
        var product = ProductVersion.Current;
        return $"""
            slipway {product.Version}{(product.Commit is null ? "" : $" ({product.Commit})")}
            runtime {RuntimeInformation.FrameworkDescription}
            os {RuntimeInformation.OSDescription}, {RuntimeInformation.RuntimeIdentifier}
            """;
    }

    private static string AsJson() => JsonSerializer.Serialize(
        new
        {
            ProductVersion.Current.Version,
            ProductVersion.Current.Commit,
            Runtime = RuntimeInformation.FrameworkDescription,
            Os = RuntimeInformation.OSDescription,
            Platform = RuntimeInformation.RuntimeIdentifier,
        },
        Json.Options);
}
