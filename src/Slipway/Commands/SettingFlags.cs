using System.CommandLine;
using Slipway.Configuration;
using Slipway.Core.Errors;

namespace Slipway.Commands;

/// <summary>The flags of all settings, for a command that starts or examines a server. Values stay text: one parser serves all sources.</summary>
internal sealed class SettingFlags
{
    private readonly List<(Setting Setting, Option<string[]> Option)> flags = [];
    private readonly Option<string?> config = new(Settings.ConfigFlag)
    {
        HelpName = "FILE",
        Description = "Configuration file. Default: ./slipway.yaml, if it exists",
    };

    private SettingFlags()
    {
    }

    /// <param name="only">The keys of the settings that the command has flags for; all when empty.</param>
    public static SettingFlags AddTo(Command command, params string[] only)
    {
        var added = new SettingFlags();
        foreach (var setting in Settings.All.Where(setting => only.Length == 0 || only.Contains(setting.Key)))
        {
            var option = new Option<string[]>(setting.Flag)
            {
                HelpName = setting.ValueName,
                Description = setting.Meaning,
                Arity = setting.IsSwitch ? new ArgumentArity(0, 100) : new ArgumentArity(1, 100),
                AllowMultipleArgumentsPerToken = false,
            };
            added.flags.Add((setting, option));
            command.Options.Add(option);
        }

        command.Options.Add(added.config);
        return added;
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/>, with one line for the user.</exception>
    public SlipwayOptions Load(ParseResult parse) =>
        OptionsLoader.Load([.. Given(parse)], parse.GetValue(config), OptionsLoader.ReadEnvironment());

    /// <summary>Whether the command line itself says any setting.</summary>
    public bool AnyGiven(ParseResult parse) => Given(parse).Any();

    private IEnumerable<GivenSetting> Given(ParseResult parse)
    {
        foreach (var (setting, option) in flags)
        {
            if (parse.GetResult(option) is not { Implicit: false })
            {
                continue;
            }

            var values = parse.GetValue(option) ?? [];
            yield return values.Length switch
            {
                0 => new GivenSetting(setting, ["true"], $"flag {setting.Flag}"),
                > 1 when !setting.TakesMany => throw SlipwayException.Invalid($"flag {setting.Flag} is given {values.Length} times; give it once"),
                _ => new GivenSetting(setting, [.. values.SelectMany(value => Split(setting, value))], $"flag {setting.Flag}"),
            };
        }
    }

    private static string[] Split(Setting setting, string value) => setting.TakesMany
        ? value.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        : [value];
}
