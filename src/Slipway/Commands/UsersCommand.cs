using System.CommandLine;
using Slipway.Commands.Access;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;

namespace Slipway.Commands;

/// <summary><c>slipway users</c>: who is known to a server, and what they may do. A user is a person or a program.</summary>
internal static class UsersCommand
{
    public static Command Create() => new("users", "Make, change and list users, and give them roles.")
    {
        CreateUser(), List(), Get(), Change(), Delete(), Grant(), Ungrant(),
    };

    private static Command CreateUser()
    {
        var role = Argument("ROLE", "What it may do everywhere: none, viewer, contributor, approver or admin");
        var service = new Option<bool>("--service") { Description = "A program and no person" };
        return Command("create", "Make a user without a key.", [Name, role], [service], async (parse, door, cancel) => await door.CreatePrincipalAsync(
            parse.GetValue(Name)!, parse.GetValue(service) ? PrincipalKind.Service : PrincipalKind.User, RoleOf(parse.GetValue(role)), cancel));
    }

    private static Command List() => Command("list", "List users.", [], [], async (_, door, cancel) => await door.PrincipalsAsync(cancel));

    private static Command Get() => Command(
        "get", "Show a user and the roles it was given.", [Name], [], async (parse, door, cancel) =>
            await door.PrincipalAsync(parse.GetValue(Name)!, cancel));

    private static Command Change()
    {
        var role = new Option<string?>("--role") { HelpName = "ROLE", Description = "What it may do everywhere from now on" };
        var disable = new Option<bool>("--disable") { Description = "Turn its keys away until --enable" };
        var enable = new Option<bool>("--enable") { Description = "Let its keys in again" };
        return Command("change", "Change a user.", [Name], [role, disable, enable], async (parse, door, cancel) =>
        {
            if (parse.GetValue(disable) && parse.GetValue(enable))
            {
                throw SlipwayException.Invalid("--disable and --enable contradict each other");
            }

            bool? disabled = parse.GetValue(disable) ? true : parse.GetValue(enable) ? false : null;
            Role? given = parse.GetValue(role) is { } text ? RoleOf(text) : null;
            return await door.ChangePrincipalAsync(parse.GetValue(Name)!, new PrincipalChange(given, disabled), cancel);
        });
    }

    private static Command Delete() => Command(
        "delete", "Delete a user with its keys and roles.", [Name], [], async (parse, door, cancel) =>
        {
            await door.DeletePrincipalAsync(parse.GetValue(Name)!, cancel);
            return null;
        });

    private static Command Grant()
    {
        var role = Argument("ROLE", "viewer, contributor, approver or admin");
        return Command("grant", "Give a user a role in a project or on a model.", [Name, role, Scope], [], async (parse, door, cancel) =>
        {
            await door.GrantAsync(parse.GetValue(Name)!, AccessScope.Parse(parse.GetValue(Scope)), RoleOf(parse.GetValue(role)), cancel);
            return null;
        });
    }

    private static Command Ungrant() => Command(
        "ungrant", "Take a user's role in a project or on a model away.", [Name, Scope], [], async (parse, door, cancel) =>
        {
            await door.RemoveGrantAsync(parse.GetValue(Name)!, AccessScope.Parse(parse.GetValue(Scope)), cancel);
            return null;
        });

    private static Argument<string> Name { get; } = Argument("NAME", "1 to 100 letters, digits, '.', '_', '-', '@' and '+'");

    private static Argument<string> Scope { get; } = Argument("SCOPE", "project/NAME, model/NAME or view/NAME");

    /// <param name="run">Returns what is printed, or null.</param>
    private static Command Command(
        string name, string description, Argument<string>[] arguments, Option[] options,
        Func<ParseResult, IAccessDoor, CancellationToken, Task<object?>> run)
    {
        var command = new Command(name, description);
        Array.ForEach(arguments, command.Arguments.Add);
        Array.ForEach(options, command.Options.Add);
        var flags = AccessFlags.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            await using var door = await flags.OpenAsync(parse, cancel);
            Print(await run(parse, door, cancel), parse.GetValue(flags.Json));
        });
        return command;
    }

    private static void Print(object? answer, bool asJson)
    {
        switch (answer)
        {
            case null:
                break;
            case var any when asJson:
                Console.Out.WriteLine(Json.Write(any));
                break;
            case List<Principal> users:
                AccessTable.Write(["NAME", "KIND", "ROLE", "STATE", "SINCE"], users.Select(user => (string[])
                [
                    user.Name, EnumName.Of(user.Kind), EnumName.Of(user.Role), user.Disabled ? "disabled" : "active",
                    AccessTable.Time(user.CreatedMs, ""),
                ]));
                break;
            case Principal user:
                AccessTable.Write(["SCOPE", "ROLE"], [
                    ["everywhere", EnumName.Of(user.Role)],
                    .. user.Grants.Select(grant => (string[])[grant.Key, EnumName.Of(grant.Value)]),
                ]);
                break;
        }
    }

    private static Role RoleOf(string? text) => EnumName.Parse<Role>(text!, "role");

    private static Argument<string> Argument(string name, string description) => new(name) { Description = description };
}
