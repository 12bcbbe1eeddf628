namespace Slipway.Configuration;

/// <summary>
/// One thing an operator can set, under one name everywhere: flag <c>--log-level</c>, variable <c>SLIPWAY_LOG_LEVEL</c>,
/// key <c>log-level</c> in slipway.yaml.
/// </summary>
/// <param name="ValueName">Stands for the value in help texts.</param>
/// <param name="Legal">The legal values, as the end of "give …".</param>
/// <param name="Apply">Throws <see cref="FormatException"/> with a reason when a value is not legal.</param>
internal sealed record Setting(
    string Key,
    string ValueName,
    string Legal,
    string Meaning,
    Func<SlipwayOptions, IReadOnlyList<string>, SlipwayOptions> Apply)
{
    /// <summary>Several values are given by repeating the flag, as a YAML list, or with <c>;</c> between them.</summary>
    public bool TakesMany { get; init; }

    /// <summary>The flag alone means true.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>The value may hold a password and never appears in a message.</summary>
    public bool IsSecret { get; init; }

    public string Flag => $"--{Key}";

    public string Variable => $"SLIPWAY_{Key.ToUpperInvariant().Replace('-', '_')}";
}

/// <param name="Values">At least one, and only one unless the setting takes many.</param>
/// <param name="Source">Where it was said, as the start of an error message: <c>flag --urls</c>, <c>slipway.yaml:3 (urls)</c>.</param>
internal sealed record GivenSetting(Setting Setting, IReadOnlyList<string> Values, string Source);
