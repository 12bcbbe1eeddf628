using System.Text.RegularExpressions;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Sources;

namespace Slipway.Configuration;

/// <summary>Reads the variables <c>SLIPWAY_…</c>.</summary>
internal static partial class EnvironmentSettings
{
    private const string Prefix = "SLIPWAY_";

    public static IReadOnlyList<GivenSetting> Read(IReadOnlyDictionary<string, string> environment)
    {
        var given = new List<GivenSetting>();
        var inKubernetes = environment.ContainsKey("KUBERNETES_SERVICE_HOST");
        foreach (var (name, value) in environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (!name.StartsWith(Prefix, StringComparison.Ordinal) || name == Settings.ConfigVariable
                || name.StartsWith(PostgresSource.VariablePrefix, StringComparison.Ordinal)
                || ClientVariables.All.Contains(name) || (inKubernetes && ServiceLink().IsMatch(name)))
            {
                continue;
            }

            given.Add(Read(name, value));
        }

        return given;
    }

    private static GivenSetting Read(string name, string value)
    {
        var source = $"variable {name}";
        if (Settings.All.FirstOrDefault(known => known.Variable == name) is not { } setting)
        {
            var suggestion = NearestMatch.Suggest(name, Settings.All.Select(known => known.Variable));
            throw SlipwayException.Invalid(
                $"unknown variable '{name}'{suggestion}; known: {string.Join(", ", Settings.All.Select(known => known.Variable))}");
        }

        if (value.Length == 0)
        {
            throw SlipwayException.Invalid($"{source}: there is no value; give {setting.Legal}");
        }

        string[] values = setting.TakesMany
            ? value.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : [value];
        return new GivenSetting(setting, values, source);
    }

    // Kubernetes gives every pod variables for every service; one called slipway-db yields SLIPWAY_DB_SERVICE_HOST and so on.
    [GeneratedRegex("^SLIPWAY_(.*_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$")]
    private static partial Regex ServiceLink();
}
