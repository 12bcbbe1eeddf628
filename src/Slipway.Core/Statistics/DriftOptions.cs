using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <summary>When a difference counts as drift.</summary>
public sealed record DriftOptions
{
    public static DriftOptions Default { get; } = new();

    /// <summary>The p-value from which chance is ruled out; in (0, 1). Default 0.05.</summary>
    public double Alpha { get; init; } = 0.05;

    /// <summary>Smallest <c>wasserstein.std</c> that matters: for a shift, its size in sd. At least 0; default 0.1.</summary>
    public double NumericEffectFloor { get; init; } = 0.1;

    /// <summary>Smallest <c>tvd</c> that matters: the share of rows that changed category. At least 0; default 0.05.</summary>
    public double CategoricalEffectFloor { get; init; } = 0.05;

    /// <summary>Values that either window must hold. At least 1; default 30.</summary>
    public int MinimumCount { get; init; } = 30;

    /// <summary>
    /// An integer column with at most this many distinct values is tested as categorical. At least 0; default 10.
    /// </summary>
    public int MaximumIntegerCategories { get; init; } = 10;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the value that is out of range.</exception>
    public void Validate()
    {
        Require(Alpha is > 0 and < 1, nameof(Alpha), "between 0 and 1", Alpha);
        Require(NumericEffectFloor >= 0, nameof(NumericEffectFloor), "at least 0", NumericEffectFloor);
        Require(CategoricalEffectFloor >= 0, nameof(CategoricalEffectFloor), "at least 0", CategoricalEffectFloor);
        Require(MinimumCount >= 1, nameof(MinimumCount), "at least 1", MinimumCount);
        Require(MaximumIntegerCategories >= 0, nameof(MaximumIntegerCategories), "at least 0", MaximumIntegerCategories);
    }

    private static void Require(bool holds, string name, string range, double value)
    {
        if (!holds)
        {
            throw SlipwayException.Invalid($"The drift option {name} must be {range}; got {value}.");
        }
    }
}
