using System.CommandLine;
using Slipway.Commands.Access;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;

namespace Slipway.Commands;

/// <summary><c>slipway keys</c>: makes, lists and revokes API keys.</summary>
internal static class KeysCommand
{
    public static Command Create() => new("keys", "Make, list and revoke API keys.") { CreateKey(), List(), Revoke() };

    private static Command CreateKey()
    {
        var command = new Command("create", "Make a key and print it, once. The first one of a server is that of an admin.");
        var admin = Text("--admin", "NAME", "An admin's key; the admin is made when there is none of this name");
        var owner = Text("--for", "NAME", "Whose key it is");
        var role = Text("--role", "ROLE", "Make the user of --for with this role, when there is none: viewer, contributor, approver or admin");
        var service = new Option<bool>("--service") { Description = "The user that is made is a program and no person" };
        var scopes = Text("--scopes", "LIST", "What the key is for: read, write, approve, admin, predict, with commas. Default: all its owner may");
        var days = new Option<int?>("--expires-in-days") { HelpName = "DAYS", Description = "1 to 3660. Default: it does not expire" };
        var description = Text("--description", "TEXT", "What for; shown in lists");
        var signing = new Option<bool>("--sigv4") { Description = "Print a key pair for AWS clients instead (SigV4), as two variables of the environment" };
        foreach (var option in (Option[])[admin, owner, role, service, scopes, days, description, signing])
        {
            command.Options.Add(option);
        }

        var flags = AccessFlags.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            var request = new KeyRequest(
                OwnerOf(parse.GetValue(admin), parse.GetValue(owner)),
                parse.GetValue(description),
                parse.GetValue(scopes)?.Split(',', StringSplitOptions.TrimEntries).Select(s => EnumName.Parse<KeyScope>(s, "scope of a key")).ToList(),
                parse.GetValue(days),
                parse.GetValue(admin) is not null ? Role.Admin : parse.GetValue(role) is { } text ? EnumName.Parse<Role>(text, "role") : null,
                parse.GetValue(service) ? PrincipalKind.Service : PrincipalKind.User,
                parse.GetValue(signing));
            await using var door = await flags.OpenAsync(parse, cancel, mayCreate: true);
            Print(await door.CreateKeyAsync(request, cancel), parse.GetValue(flags.Json));
        });
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "List keys, also those that are revoked or expired.");
        var owner = Text("--for", "NAME", "Only keys of this user");
        command.Options.Add(owner);
        var flags = AccessFlags.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            await using var door = await flags.OpenAsync(parse, cancel);
            var keys = await door.KeysAsync(parse.GetValue(owner), cancel);
            if (parse.GetValue(flags.Json))
            {
                Console.Out.WriteLine(Json.Write(keys));
                return;
            }

            AccessTable.Write(
                ["ID", "USER", "SCOPES", "EXPIRES", "LAST USED", "REVOKED", "DESCRIPTION"],
                keys.Select(key => (string[])
                [
                    key.Id, key.Principal, string.Join(',', key.Scopes.Select(EnumName.Of)), AccessTable.Time(key.ExpiresMs, "never"),
                    AccessTable.Time(key.LastUsedMs, "never"), AccessTable.Time(key.RevokedMs, "no"), key.Description,
                ]));
        });
        return command;
    }

    private static Command Revoke()
    {
        var command = new Command("revoke", "Make a key useless, at once and for good.");
        var id = new Argument<string>("ID") { Description = "As 'keys list' shows it" };
        command.Arguments.Add(id);
        var flags = AccessFlags.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            await using var door = await flags.OpenAsync(parse, cancel);
            await door.RevokeKeyAsync(parse.GetValue(id)!, cancel);
        });
        return command;
    }

    private static string OwnerOf(string? admin, string? owner) => (admin, owner) switch
    {
        ({ } name, null) => name,
        (null, { } name) => name,
        _ => throw SlipwayException.Invalid("say whose key it is, by either --admin NAME or --for NAME"),
    };

    /// <summary>Standard output holds the key or the pair alone, so that a script can take it.</summary>
    private static void Print(NewKey made, bool asJson)
    {
        if (asJson)
        {
            Console.Out.WriteLine(Json.Write(made));
            return;
        }

        Console.Error.WriteLine(
            $"Key {made.Key.Id} of '{made.Key.Principal}', for {string.Join(", ", made.Key.Scopes.Select(EnumName.Of))}; "
            + $"expires: {AccessTable.Time(made.Key.ExpiresMs, "never")}. It is shown only now:");
        Console.Out.WriteLine(
            made.SigningSecret is null ? made.Text : $"AWS_ACCESS_KEY_ID={made.Key.Id}\nAWS_SECRET_ACCESS_KEY={made.SigningSecret}");
    }

    private static Option<string?> Text(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };
}
