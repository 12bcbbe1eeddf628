using System.Globalization;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Slipway.Core.Errors;

namespace Slipway.Core.Versioning;

public enum VersionBump
{
    /// <summary>The model's signature changed: callers must change with it.</summary>
    Major,

    /// <summary>New data, features or algorithm under the same signature.</summary>
    Minor,

    /// <summary>The same model made again or corrected.</summary>
    Patch,
}

/// <summary>A version after Semantic Versioning 2.0.0 (semver.org): <c>1.4.0-rc.1+build.5</c>.</summary>
/// <remarks>
/// Order follows §11, in which build metadata counts for nothing; equality is of the whole text, so two versions that differ
/// in build metadata compare as 0 and are not equal.
/// </remarks>
[JsonConverter(typeof(SemanticVersionJson))]
public sealed partial record SemanticVersion : IComparable<SemanticVersion>
{
    public const int MaxLength = 256;

    private SemanticVersion(long major, long minor, long patch, string preRelease, string build)
    {
        Major = major;
        Minor = minor;
        Patch = patch;
        PreRelease = preRelease;
        Build = build;
    }

    public long Major { get; }

    public long Minor { get; }

    public long Patch { get; }

    /// <summary>Identifiers joined by dots, or empty for a release.</summary>
    public string PreRelease { get; }

    public string Build { get; }

    public static bool operator <(SemanticVersion left, SemanticVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(SemanticVersion left, SemanticVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(SemanticVersion left, SemanticVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(SemanticVersion left, SemanticVersion right) => left.CompareTo(right) >= 0;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a negative number.</exception>
    public static SemanticVersion Of(long major, long minor, long patch) => major < 0 || minor < 0 || patch < 0
        ? throw SlipwayException.Invalid($"A version has no negative number; got {major}.{minor}.{patch}.")
        : new SemanticVersion(major, minor, patch, "", "");

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the text.</exception>
    public static SemanticVersion Parse(string text) => TryParse(text)
        ?? throw SlipwayException.Invalid($"'{text}' is not a semantic version such as 1.0.0 or 2.1.0-rc.1.");

    /// <returns>Null when the text is no semantic version.</returns>
    public static SemanticVersion? TryParse(string text)
    {
        var match = text.Length > MaxLength ? Match.Empty : Grammar().Match(text);
        return match.Success
            && TryNumber(match.Groups["major"], out var major)
            && TryNumber(match.Groups["minor"], out var minor)
            && TryNumber(match.Groups["patch"], out var patch)
            ? new SemanticVersion(major, minor, patch, match.Groups["pre"].Value, match.Groups["build"].Value)
            : null;
    }

    /// <summary>The next release: from 1.2.3 to 2.0.0, 1.3.0 or 1.2.4; a pre-release goes to the release it precedes if that is the bump.</summary>
    public SemanticVersion Next(VersionBump bump) => bump switch
    {
        VersionBump.Major when PreRelease.Length > 0 && Minor == 0 && Patch == 0 => Of(Major, 0, 0),
        VersionBump.Minor when PreRelease.Length > 0 && Patch == 0 => Of(Major, Minor, 0),
        VersionBump.Patch when PreRelease.Length > 0 => Of(Major, Minor, Patch),
        VersionBump.Major => Of(checked(Major + 1), 0, 0),
        VersionBump.Minor => Of(Major, checked(Minor + 1), 0),
        VersionBump.Patch => Of(Major, Minor, checked(Patch + 1)),
        _ => throw new ArgumentOutOfRangeException(nameof(bump)),
    };

    public int CompareTo(SemanticVersion? other)
    {
        if (other is null)
        {
            return 1;
        }

        var release = (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));
        return release != 0 ? release : ComparePreRelease(PreRelease, other.PreRelease);
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Major}.{Minor}.{Patch}{(PreRelease.Length > 0 ? "-" + PreRelease : "")}{(Build.Length > 0 ? "+" + Build : "")}");

    private static int ComparePreRelease(string left, string right)
    {
        if (left.Length == 0 || right.Length == 0)
        {
            return right.Length.CompareTo(left.Length); // a release stands above its pre-releases
        }

        var (a, b) = (left.Split('.'), right.Split('.'));
        for (var i = 0; i < Math.Min(a.Length, b.Length); i++)
        {
            var order = CompareIdentifier(a[i], b[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return a.Length.CompareTo(b.Length);
    }

    private static int CompareIdentifier(string left, string right)
    {
        var (leftIsNumber, rightIsNumber) = (left.All(char.IsAsciiDigit), right.All(char.IsAsciiDigit));
        return (leftIsNumber, rightIsNumber) switch
        {
            // Of any length: without leading zeros the longer number is the larger.
            (true, true) when left.Length != right.Length => left.Length.CompareTo(right.Length),
            (true, false) => -1,
            (false, true) => 1,
            _ => string.CompareOrdinal(left, right),
        };
    }

    private static bool TryNumber(Group digits, out long number) =>
        long.TryParse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    [GeneratedRegex(
        """
        \A(?<major>0|[1-9][0-9]*)\.(?<minor>0|[1-9][0-9]*)\.(?<patch>0|[1-9][0-9]*)
        (-(?<pre>(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?
        (\+(?<build>[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*))?\z
        """,
        RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex Grammar();
}
