using System.CommandLine;
using System.Globalization;

namespace Slipway.Commands.Client;

/// <summary><c>slipway approvals policy</c></summary>
internal static class PolicyCommand
{
    public static Command Create() => new("policy", "List, set and remove the rules by which approvals are given.")
    {
        List(), Set(), Remove(),
    };

    private static Command List() => ClientFlags.Bind(
        new Command("list", "List the policies, by scope."),
        async (_, client, output, cancel) => output.Table(
            await client.Approvals.ListPoliciesAsync(cancel),
            "No policies: the rule of the server holds everywhere.",
            new("SCOPE", p => p.Scope),
            new("REQUIRED", p => p.Required.ToString(CultureInfo.InvariantCulture)),
            new("AUTHOR MAY APPROVE", p => p.AuthorMayApprove ? "yes" : "no")));

    private static Command Set()
    {
        var scope = Scope();
        var required = new Option<int>("--required") { HelpName = "N", Description = "How many must agree, 0 to 10", Required = true };
        var author = new Option<bool>("--author-may-approve") { Description = "Let whoever made the version, or asked, be among them" };
        return ClientFlags.Bind(
            new Command("set", "Set or replace the policy of a project or a model.") { scope, required, author },
            async (parse, client, output, cancel) =>
            {
                var policy = await client.Approvals.SetPolicyAsync(
                    parse.GetRequiredValue(scope), parse.GetValue(required), parse.GetValue(author), cancel);
                output.Say(policy, $"{policy.Scope}: {policy.Required} must agree, the author {(policy.AuthorMayApprove ? "may" : "may not")} be among them.");
            });
    }

    private static Command Remove()
    {
        var scope = Scope();
        return ClientFlags.Bind(
            new Command("remove", "Leave a project or a model to the policy above it.") { scope },
            async (parse, client, output, cancel) =>
            {
                var name = parse.GetRequiredValue(scope);
                await client.Approvals.RemovePolicyAsync(name, cancel);
                output.Say(new { Scope = name }, $"{name} has no policy of its own.");
            });
    }

    private static Argument<string> Scope() => new("SCOPE") { Description = "project/NAME or model/NAME" };
}
