using System.Globalization;
using Slipway.Core.Errors;

namespace Slipway.Platform.Features.Registry;

/// <summary>A definition by its name, or one version of it: <c>flight_delay</c> is the one in force, <c>flight_delay@3</c> the third.</summary>
public readonly record struct FeatureReference(string Name, int? Version)
{
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a version that is not a number from 1.</exception>
    public static FeatureReference Parse(string text) => text.Split('@') switch
    {
        [var name] => new(name, null),
        [var name, var version] when int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 =>
            new(name, number),
        _ => throw SlipwayException.Invalid($"'{text}' names no version; write NAME or NAME@3."),
    };

    public override string ToString() => Version is { } version ? string.Create(CultureInfo.InvariantCulture, $"{Name}@{version}") : Name;
}
