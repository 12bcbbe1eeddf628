using System.CommandLine;
using System.Globalization;
using Slipway.Commands.Client;
using Slipway.Core.Errors;

namespace Slipway.Commands.Features;

/// <summary><c>slipway features erase</c></summary>
internal static class EraseCommand
{
    public static Command Create()
    {
        var entity = new Argument<string>("ENTITY") { Description = "Such as customer" };
        var keys = new Option<string>("--keys")
        {
            HelpName = "JSON",
            Required = true,
            Description = """Per join key an array of values, such as '{"customer_id": [5, 6]}'""",
        };
        var lift = new Option<bool>("--lift") { Description = "Let what sources still hold about them count again" };
        var command = new Command("erase", "Remove entities from everything that features are read from, and keep them out.") { entity, keys, lift };
        return ClientFlags.Bind(command, async (parse, client, output, cancel) =>
        {
            var (name, values) = (parse.GetRequiredValue(entity), GetCommand.Parse(parse.GetRequiredValue(keys)));
            if (parse.GetValue(lift))
            {
                await client.Features.LiftErasureAsync(name, values, cancel);
                output.Say(new { Entity = name, Lifted = true }, "They count again from the next materialization on.");
                return ExitCode.Ok;
            }

            var erased = await client.Features.EraseAsync(name, values, cancel);
            output.Table(erased.Views, "No stored view is about this entity.", new("VIEW", view => view.View),
                new("ROWS REMOVED", view => view.Rows.ToString(CultureInfo.InvariantCulture)));
            return erased.Verified
                ? ExitCode.Ok
                : throw new SlipwayException(ErrorKind.Conflict, "a read after the deletion still found some of them; erase them again");
        });
    }
}
