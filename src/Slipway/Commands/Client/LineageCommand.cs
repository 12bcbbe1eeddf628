using System.CommandLine;
using Slipway.Client;
using Slipway.Core.Errors;

namespace Slipway.Commands.Client;

/// <summary><c>slipway lineage NAME</c></summary>
internal static class LineageCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME")
        {
            Description = "A model, MODEL/VERSION, a run, endpoint, feature service, dataset or alert; KIND:NAME where several have the name",
        };
        var direction = new Option<string>("--direction")
        {
            HelpName = "WAY",
            Description = "upstream, downstream or both. Default: both",
            DefaultValueFactory = _ => "both",
        };
        var depth = new Option<int>("--depth") { HelpName = "N", Description = "How many steps away, 1 to 50. Default: 20", DefaultValueFactory = _ => 20 };
        return ClientFlags.Bind(
            new Command("lineage", "Show what something was made from and what was made from it.") { name, direction, depth },
            async (parse, client, output, cancel) =>
            {
                var way = Enum.TryParse<LineageDirection>(parse.GetValue(direction), ignoreCase: true, out var known)
                    ? known
                    : throw SlipwayException.Invalid($"'{parse.GetValue(direction)}' is not a direction; use upstream, downstream or both");
                var graph = await client.Lineage.TraceAsync(parse.GetRequiredValue(name), way, parse.GetValue(depth), cancel);
                output.Write(graph, (g, writer) => writer.Write(LineageTree.Render(g, way)));
            });
    }
}
