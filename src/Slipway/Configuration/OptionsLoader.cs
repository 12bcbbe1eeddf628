using System.Collections;
using Slipway.Core.Errors;

namespace Slipway.Configuration;

/// <summary>Merges the sources: flags over environment over slipway.yaml over defaults. Each value is checked, also one that is overruled.</summary>
internal static class OptionsLoader
{
    public const string DefaultFile = "slipway.yaml";

    /// <param name="flags">What the command line said.</param>
    /// <param name="configFile">What <c>--config</c> said; it must exist then. Otherwise SLIPWAY_CONFIG, or slipway.yaml if there is one.</param>
    /// <exception cref="SlipwayException">A key is unknown or a value is not legal; the message names it, its source and what is legal.</exception>
    public static SlipwayOptions Load(
        IReadOnlyList<GivenSetting> flags, string? configFile, IReadOnlyDictionary<string, string> environment)
    {
        var file = configFile ?? environment.GetValueOrDefault(Settings.ConfigVariable);
        IReadOnlyList<GivenSetting> yaml = file is not null || File.Exists(DefaultFile)
            ? YamlSettings.Read(file ?? DefaultFile)
            : [];
        return new[] { yaml, EnvironmentSettings.Read(environment), flags }
            .SelectMany(source => source)
            .Aggregate(new SlipwayOptions(), Apply);
    }

    public static IReadOnlyDictionary<string, string> ReadEnvironment() => Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>()
        .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);

    private static SlipwayOptions Apply(SlipwayOptions options, GivenSetting given)
    {
        if (given.Values.Count == 0)
        {
            throw SlipwayException.Invalid($"{given.Source}: there is no value; give {given.Setting.Legal}");
        }

        try
        {
            return given.Setting.Apply(options, given.Values);
        }
        catch (FormatException error)
        {
            var value = given.Setting.IsSecret ? "the value" : $"'{string.Join(';', given.Values)}'";
            throw SlipwayException.Invalid($"{given.Source}: {value} is not legal: {error.Message}; give {given.Setting.Legal}");
        }
    }
}
