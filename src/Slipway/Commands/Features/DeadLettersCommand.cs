using System.CommandLine;
using Slipway.Client;
using Slipway.Commands.Client;

namespace Slipway.Commands.Features;

/// <summary><c>slipway features dead-letters</c></summary>
internal static class DeadLettersCommand
{
    public static Command Create() => new("dead-letters", "Look at events that views could not take in; give them to their views again or throw them away.")
    {
        List(),
        Change("replay", "Give letters to their views again.", client => client.DeadLetters.ReplayAsync),
        Change("discard", "Throw letters away.", client => client.DeadLetters.DiscardAsync),
    };

    private static Command List()
    {
        var topic = new Option<string?>("--topic") { HelpName = "TOPIC", Description = "Only of this topic or push source" };
        return ClientFlags.Bind(new Command("list", "List letters, oldest first within a topic.") { topic }, async (parse, client, output, cancel) => output.Table(
            await client.DeadLetters.ListAsync(parse.GetValue(topic), cancel).ToListAsync(cancel),
            "No dead letters.",
            new("TOPIC", l => l.Topic),
            new("OFFSET", l => $"{l.Offset}"),
            new("VIEW", l => l.View),
            new("SINCE", l => Output.Time(l.Created.ToUnixTimeMilliseconds())),
            new("CAUSE", l => l.Cause),
            new("PAYLOAD", l => l.Payload.Length <= 60 ? l.Payload : l.Payload[..60] + "…")));
    }

    private static Command Change(
        string name, string description,
        Func<SlipwayClient, Func<string, string?, IReadOnlyList<long>?, CancellationToken, Task<DeadLetterChange>>> change)
    {
        var topic = new Argument<string>("TOPIC") { Description = "A topic or push source" };
        var view = new Option<string?>("--view") { HelpName = "VIEW@N", Description = "Only those of this view" };
        var offsets = new Option<long[]>("--offset")
        {
            HelpName = "N",
            Description = "Only those at these places; give it more than once. Default: all, up to 1000 a call",
            AllowMultipleArgumentsPerToken = true,
        };
        return ClientFlags.Bind(new Command(name, description) { topic, view, offsets }, async (parse, client, output, cancel) =>
        {
            var named = parse.GetValue(offsets) is { Length: > 0 } some ? some : null;
            var done = await change(client)(parse.GetRequiredValue(topic), parse.GetValue(view), named, cancel);
            var left = done.Left == 0 ? "" : $" {done.Left} of versions that are no longer in force are left.";
            output.Say(done, $"{done.Letters} letters: {name}.{left}");
        });
    }
}
