using System.CommandLine;
using Slipway.Client;
using Slipway.Core.Errors;

namespace Slipway.Commands.Client;

/// <summary><c>slipway approvals</c></summary>
internal static class ApprovalsCommand
{
    public static Command Create() => new("approvals", "List approvals, decide on them, and set how many are needed.")
    {
        List(), Decide("approve", Decision.Approve, "Agree to what is asked."), Decide("reject", Decision.Reject, "Refuse what is asked."),
        PolicyCommand.Create(),
    };

    private static Command List()
    {
        var state = new Option<string>("--state")
        {
            HelpName = "STATE",
            Description = "pending, approved, rejected or all. Default: pending",
            DefaultValueFactory = _ => "pending",
        };
        return ClientFlags.Bind(new Command("list", "List approvals, newest first.") { state }, async (parse, client, output, cancel) => output.Table(
            await client.Approvals.ListAsync(StateOf(parse.GetRequiredValue(state)), cancel: cancel).ToListAsync(cancel),
            "No approvals.",
            new("ID", a => a.Id),
            new("SUBJECT", a => a.Subject),
            new("ACTION", a => a.Action),
            new("STATE", a => a.State.ToString().ToLowerInvariant()),
            new("AGREED", a => $"{a.Decisions?.Count(d => d.Decision == Decision.Approve) ?? 0}/{a.Required}"),
            new("ASKED BY", a => a.RequestedBy),
            new("ASKED", a => Output.Time(a.RequestedMs)),
            new("REASON", a => a.Reason)));
    }

    private static Command Decide(string name, Decision decision, string description)
    {
        var id = new Argument<string>("ID");
        var comment = new Option<string?>("--comment") { HelpName = "TEXT", Description = "Why; kept in the audit log" };
        return ClientFlags.Bind(new Command(name, description) { id, comment }, async (parse, client, output, cancel) =>
        {
            var decided = await client.Approvals.DecideAsync(parse.GetRequiredValue(id), decision, parse.GetValue(comment), cancel);
            output.Say(decided, $"{decided.Subject}, {decided.Action}: {decided.State.ToString().ToLowerInvariant()}.");
        });
    }

    private static ApprovalState? StateOf(string text) => text == "all" ? null
        : Enum.TryParse<ApprovalState>(text, ignoreCase: true, out var state) ? state
        : throw SlipwayException.Invalid($"'{text}' is not a state of an approval; use pending, approved, rejected or all");
}
