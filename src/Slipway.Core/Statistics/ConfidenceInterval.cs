namespace Slipway.Core.Statistics;

/// <summary>A closed interval said to hold the true value.</summary>
public readonly record struct ConfidenceInterval(double Lower, double Upper)
{
    public double Width => Upper - Lower;

    public bool Contains(double value) => Lower <= value && value <= Upper;
}
