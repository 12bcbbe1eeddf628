using System.CommandLine;
using System.Globalization;
using Slipway.Client;

namespace Slipway.Commands.Client;

/// <summary><c>slipway models</c>: what the registry holds. Its changes are in <see cref="ModelChanges"/>.</summary>
internal static class ModelsCommand
{
    public static Command Create() => new("models", "List, read, register, promote and check registered models.")
    {
        List(), Get(), Versions(), ModelChanges.Register(), ModelChanges.Promote(), ModelChanges.Alias(), ModelChanges.Card(), ModelImport.Create(),
        Search(), Verify(), Download(),
    };

    private static Command List() => ClientFlags.Bind(
        new Command("list", "List the registered models, by name."),
        async (_, client, output, cancel) => Models(await client.Models.ListAsync(cancel: cancel).ToListAsync(cancel), output));

    private static void Models(IReadOnlyList<RegisteredModel> models, Output output) => output.Table(
        models,
        "There are no registered models.",
        new("NAME", m => m.Name),
        new("PROJECT", m => m.Project),
        new("OWNER", m => m.Owner),
        new("ALIASES", m => string.Join(", ", (m.Aliases ?? new Dictionary<string, int>()).Select(a => $"{a.Key} → {a.Value}"))),
        new("UPDATED", m => Output.Time(m.UpdatedMs)));

    private static Command Get()
    {
        var name = new Argument<string>("NAME");
        var version = new Argument<string?>("VERSION") { Arity = ArgumentArity.ZeroOrOne, Description = "A semantic version, number, alias or stage" };
        return ClientFlags.Bind(new Command("get", "Show a model, or one of its versions.") { name, version }, async (parse, client, output, cancel) =>
        {
            if (parse.GetValue(version) is { } reference)
            {
                output.Write(await client.Models.GetVersionAsync(parse.GetRequiredValue(name), reference, cancel), ModelText.Version);
            }
            else
            {
                output.Write(await client.Models.GetAsync(parse.GetRequiredValue(name), cancel), ModelText.Model);
            }
        });
    }

    private static Command Versions()
    {
        var name = new Argument<string>("NAME");
        return ClientFlags.Bind(new Command("versions", "List the versions of a model, newest first.") { name }, async (parse, client, output, cancel) =>
            Versions(await client.Models.VersionsAsync(parse.GetRequiredValue(name), cancel).ToListAsync(cancel), output));
    }

    private static void Versions(IReadOnlyList<ModelVersion> versions, Output output) => output.Table(
        versions,
        "There are no versions.",
        new("MODEL", v => v.Model),
        new("VERSION", v => v.Version),
        new("NUMBER", v => v.Number.ToString(CultureInfo.InvariantCulture)),
        new("STAGE", v => v.Stage.ToString().ToLowerInvariant()),
        new("ALIASES", v => string.Join(", ", v.Aliases ?? [])),
        new("RUN", v => v.RunId),
        new("SIZE", v => v.File is { } file ? Output.Bytes(file.Bytes) : ""),
        new("CREATED", v => Output.Time(v.CreatedMs)),
        new("BY", v => v.CreatedBy));

    private static Command Search()
    {
        var filter = new Argument<string>("FILTER") { Description = "Such as \"metrics.auc > 0.8 AND stage = 'staging'\"; with --models of models, such as \"owner = 'ops'\"" };
        var models = new Option<bool>("--models") { Description = "Search models instead of versions" };
        return ClientFlags.Bind(new Command("search", "Find versions by metrics, tags, stage and alias.") { filter, models }, async (parse, client, output, cancel) =>
        {
            if (parse.GetValue(models))
            {
                Models(await client.Models.ListAsync(parse.GetValue(filter), cancel).ToListAsync(cancel), output);
            }
            else
            {
                Versions(await client.Models.SearchVersionsAsync(parse.GetRequiredValue(filter), cancel: cancel).ToListAsync(cancel), output);
            }
        });
    }

    private static Command Verify()
    {
        var name = new Argument<string>("NAME");
        var version = new Argument<string>("VERSION") { Description = "A semantic version, number, alias or stage" };
        return ClientFlags.Bind(new Command("verify", "Check the signature and the files of a version; fails when they do not hold.") { name, version }, async (parse, client, output, cancel) =>
        {
            var verdict = await client.Models.VerifyAsync(parse.GetRequiredValue(name), parse.GetRequiredValue(version), cancel);
            output.Say(verdict, verdict.Intact ? $"{verdict.Files} files hold, signed by {verdict.KeyId}." : $"It does not hold: {verdict.Reason}");
            return verdict.Intact ? ExitCode.Ok : ExitCode.Failed;
        });
    }

    private static Command Download()
    {
        var name = new Argument<string>("NAME");
        var version = new Argument<string>("VERSION") { Description = "A semantic version, number, alias or stage" };
        var file = new Option<string?>("--file") { HelpName = "FILE", Description = "Where to. Default: NAME-VERSION.onnx" };
        return ClientFlags.Bind(new Command("download", "Write a version's model file.") { name, version, file }, async (parse, client, output, cancel) =>
        {
            var found = await client.Models.GetVersionAsync(parse.GetRequiredValue(name), parse.GetRequiredValue(version), cancel);
            var target = parse.GetValue(file) ?? $"{found.Model}-{found.Version}.onnx";
            await client.Models.DownloadAsync(found.Model, found.Version, target, cancel: cancel);
            output.Say(new { File = target, found.File?.Sha256 }, $"Wrote {target} ({Output.Bytes(new FileInfo(target).Length)}).");
        });
    }
}
