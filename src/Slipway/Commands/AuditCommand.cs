using System.CommandLine;
using Slipway.Commands.Access;
using Slipway.Platform.Foundation;

namespace Slipway.Commands;

/// <summary><c>slipway audit</c>: who did what, and whether the log of it was tampered with.</summary>
internal static class AuditCommand
{
    public static Command Create() => new("audit", "List the audit log, and verify its chain of hashes.") { List(), Verify() };

    private static Command List()
    {
        var command = new Command("list", "List who did what, newest first.");
        var objectRef = new Option<string?>("--object") { HelpName = "REF", Description = "Only about this, such as model/flight-delay/1.0.0" };
        var actor = new Option<string?>("--actor") { HelpName = "NAME", Description = "Only what this one did" };
        var limit = new Option<int>("--limit") { HelpName = "ROWS", Description = "1 to 1000. Default: 100", DefaultValueFactory = _ => 100 };
        command.Options.Add(objectRef);
        command.Options.Add(actor);
        command.Options.Add(limit);
        var flags = AccessFlags.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            await using var door = await flags.OpenAsync(parse, cancel);
            var rows = await door.AuditAsync(parse.GetValue(objectRef), parse.GetValue(actor), parse.GetValue(limit), cancel);
            if (parse.GetValue(flags.Json))
            {
                Console.Out.WriteLine(Json.Write(rows));
                return;
            }

            AccessTable.Write(
                ["ROW", "TIME", "ACTOR", "ACTION", "OBJECT", "DETAIL"],
                rows.Select(row => (string[])[$"{row.Seq}", AccessTable.Time(row.AtMs, ""), row.Actor, row.Action, row.Object, row.Detail]));
        });
        return command;
    }

    private static Command Verify()
    {
        var command = new Command("verify", "Recompute the chain of hashes; fails with the first row that does not hold.");
        var flags = AccessFlags.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            await using var door = await flags.OpenAsync(parse, cancel);
            var verdict = await door.VerifyAsync(cancel);
            Console.Out.WriteLine(parse.GetValue(flags.Json) ? Json.Write(verdict)
                : verdict.Intact ? $"intact: {verdict.Rows} rows, head {verdict.HeadHash}"
                : $"BROKEN at row {verdict.BrokenSeq}: {verdict.Reason} {verdict.Rows} rows before it hold.");
            return verdict.Intact ? ExitCode.Ok : ExitCode.Failed;
        });
        return command;
    }
}
