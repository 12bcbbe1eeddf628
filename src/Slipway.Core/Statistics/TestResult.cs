namespace Slipway.Core.Statistics;

/// <param name="Statistic">In the units of the test.</param>
/// <param name="PValue">The chance of a statistic at least as extreme when there is no difference, in [0, 1].</param>
public readonly record struct TestResult(double Statistic, double PValue);
