using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;

namespace Slipway.Configuration;

/// <summary>Text → value, strictly. Each throws <see cref="FormatException"/> with the reason, to be read after "…: ".</summary>
internal static partial class SettingValue
{
    public static string FullPath(string text) =>
        string.IsNullOrWhiteSpace(text) ? throw new FormatException("it is empty") : Path.GetFullPath(text);

    public static bool Bool(string text) => text switch
    {
        "true" => true,
        "false" => false,
        _ => throw new FormatException("it is neither true nor false"),
    };

    public static T Choice<T>(string text)
        where T : struct, Enum
    {
        foreach (var name in Enum.GetNames<T>())
        {
            if (name.Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                return Enum.Parse<T>(name);
            }
        }

        throw new FormatException("there is no such choice");
    }

    public static string Name(string text) =>
        string.IsNullOrWhiteSpace(text) ? throw new FormatException("it is empty")
        : text.Length > 250 ? throw new FormatException($"it has {text.Length} characters")
        : text;

    public static Uri HttpUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Host.Length > 0
            ? url
            : throw new FormatException("it is not an absolute http or https URL");

    /// <summary>Tokens are only as trustworthy as the way to their issuer's keys.</summary>
    public static Uri AuthorityUrl(string text)
    {
        var url = HttpUrl(text);
        return url.Scheme == "https" || url.IsLoopback ? url : throw new FormatException("it is not an https URL");
    }

    public static string HostName(string text) => Uri.CheckHostName(text) == UriHostNameType.Dns
        ? text.ToLowerInvariant()
        : throw new FormatException($"'{text}' is not a host name");

    public static ClaimedRole ClaimedRole(string text)
    {
        var match = ClaimedRolePattern().Match(text);
        if (!match.Success || !EnumName.TryParse<Role>(match.Groups["role"].Value, out var role) || role == Role.None)
        {
            throw new FormatException($"'{text}' names no value or no role");
        }

        try
        {
            var scope = match.Groups["scope"];
            return new ClaimedRole(match.Groups["value"].Value, role, scope.Success ? AccessScope.Parse(scope.Value) : null);
        }
        catch (SlipwayException wrong)
        {
            throw new FormatException(wrong.Message.TrimEnd('.'), wrong);
        }
    }

    public static TimeSpan Duration(string text, TimeSpan least, TimeSpan most)
    {
        var match = DurationPattern().Match(text);
        if (!match.Success)
        {
            throw new FormatException("it is not a whole number with unit ms, s, m or h");
        }

        var milliseconds = Number(match) * match.Groups["unit"].Value switch
        {
            "ms" => 1m,
            "s" => 1_000m,
            "m" => 60_000m,
            _ => 3_600_000m,
        };
        return milliseconds >= (decimal)least.TotalMilliseconds && milliseconds <= (decimal)most.TotalMilliseconds
            ? TimeSpan.FromMilliseconds((long)milliseconds)
            : throw new FormatException("it is out of range");
    }

    /// <returns>Null for never.</returns>
    public static TimeSpan? AgeOrNever(string text, TimeSpan least, TimeSpan most)
    {
        if (text == "never")
        {
            return null;
        }

        return !Platform.Foundation.Yaml.Duration.TryParse(text, out var age) ? throw new FormatException("it is no length of time")
            : age >= least && age <= most ? age
            : throw new FormatException("it is out of range");
    }

    public static long Bytes(string text, long least, long most)
    {
        var match = SizePattern().Match(text);
        if (!match.Success)
        {
            throw new FormatException("it is not a whole number with unit B, KiB, MiB or GiB");
        }

        var bytes = Number(match) * match.Groups["unit"].Value switch
        {
            "B" => 1m,
            "KiB" => 1L << 10,
            "MiB" => 1L << 20,
            _ => 1L << 30,
        };
        return bytes >= least && bytes <= most ? (long)bytes : throw new FormatException("it is out of range");
    }

    public static string PostgresConnection(string text)
    {
        NpgsqlConnectionStringBuilder connection;
        try
        {
            connection = new NpgsqlConnectionStringBuilder(text);
        }
        catch (ArgumentException error)
        {
            // Npgsql names the keyword it does not know, and never a value of another keyword.
            throw new FormatException(error.Message, error);
        }

        return string.IsNullOrEmpty(connection.Host) ? throw new FormatException("it names no Host") : text;
    }

    public static IReadOnlyList<ModelFile> ModelFiles(IReadOnlyList<string> texts)
    {
        var models = texts.Select(ModelFile).ToList();
        var twice = models.GroupBy(model => model.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        return twice is null ? models : throw new FormatException($"the name '{twice.Key}' is given twice");
    }

    private static ModelFile ModelFile(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            throw new FormatException("it has no '='");
        }

        var (name, file) = (text[..equals], text[(equals + 1)..]);
        if (!NamePattern().IsMatch(name))
        {
            throw new FormatException($"'{name}' is not a legal name");
        }

        return File.Exists(file)
            ? new ModelFile(name, Path.GetFullPath(file))
            : throw new FormatException($"there is no file '{file}'");
    }

    private static decimal Number(Match match) =>
        decimal.Parse(match.Groups["number"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<number>[0-9]{1,9})(?<unit>ms|s|m|h)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex DurationPattern();

    [GeneratedRegex(@"^(?<number>[0-9]{1,12})(?<unit>B|KiB|MiB|GiB)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex SizePattern();

    [GeneratedRegex(@"^(?<value>.+)=(?<role>[a-z]+)(@(?<scope>.+))?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex ClaimedRolePattern();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\z")]
    private static partial Regex NamePattern();
}
