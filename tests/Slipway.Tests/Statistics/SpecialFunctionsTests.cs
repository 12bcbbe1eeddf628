using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Statistics;

namespace Slipway.Tests.Statistics;

/// <summary>Expected values are from mpmath 1.3 at 30 digits.</summary>
public sealed class SpecialFunctionsTests
{
    private static void Close(double expected, double actual, double relative = 1e-12) =>
        Assert.True(
            Math.Abs(actual - expected) <= relative * Math.Abs(expected), $"expected {expected:g17}, got {actual:g17}");

    [Theory]
    [InlineData(1e-10, 23.0258509298827352)]
    [InlineData(0.1, 2.2527126517342059)]
    [InlineData(0.5, 0.572364942924700087)]
    [InlineData(0.999, 0.000578038532891380238)]
    [InlineData(1.0001, -0.000057713342220471268)]
    [InlineData(1.5, -0.120782237635245222)]
    [InlineData(2.0001, 0.0000422816581129199463)]
    [InlineData(3.7, 1.42807232666538813)]
    [InlineData(9.99, 12.7793152143501934)]
    [InlineData(10, 12.8018274800814696)]
    [InlineData(50.5, 146.519255490720627)]
    [InlineData(1e6, 12815504.5691476117)]
    [InlineData(1e10, 220258509288.810581)]
    public void Log_gamma_keeps_its_digits_beside_its_zeros_too(double x, double expected) =>
        Close(expected, SpecialFunctions.LogGamma(x));

    [Theory]
    [InlineData(0.5, 0.1, 0.34527915398142298, 0.65472084601857702)]
    [InlineData(0.5, 3, 0.98569412156457036, 0.0143058784354296395)]
    [InlineData(3, 2.5, 0.456186884116670482, 0.543813115883329518)]
    [InlineData(10, 25, 0.999778523361751216, 0.000221476638248783581)]
    [InlineData(30, 200, 1, 9.81846993715079366e-52)]
    [InlineData(100, 80, 0.0171083130351331142, 0.982891686964866886)]
    [InlineData(1e4, 1e4, 0.5013298083399552, 0.4986701916600448)]
    [InlineData(1e4, 10500, 0.999999572412754494, 4.27587245505964727e-7)]
    [InlineData(1e6, 1.003e6, 0.998638259353782409, 0.00136174064621759148)]
    [InlineData(2.5, 1e-5, 9.51526065311276556e-14, 0.999999999999904847)]
    public void Incomplete_gamma_is_precise_on_either_side(double a, double x, double p, double q)
    {
        Close(p, SpecialFunctions.RegularizedGammaP(a, x));
        Close(q, SpecialFunctions.RegularizedGammaQ(a, x));
    }

    [Theory]
    [InlineData(0.5, 0.5, 0.3, 0.369010119565545375)]
    [InlineData(2, 3, 0.4, 0.524800000000000038)]
    [InlineData(5, 0.5, 0.9, 0.316642915020012313)]
    [InlineData(50, 60, 0.3, 0.000343411518766288655)]
    [InlineData(1000, 2000, 0.34, 0.781215091160642725)]
    [InlineData(0.01, 10, 0.001, 0.959873862371003518)]
    public void Incomplete_beta_matches_the_oracle(double a, double b, double x, double expected) =>
        Close(expected, SpecialFunctions.RegularizedBeta(a, b, x));

    [Theory]
    [InlineData(1e-8, 1.12837916709551256e-8, 0.999999988716208329)]
    [InlineData(0.5, 0.520499877813046538, 0.479500122186953462)]
    [InlineData(1.25, 0.92290012825645823, 0.0770998717435417699)]
    [InlineData(2.5, 0.999593047982555041, 0.00040695201744495894)]
    [InlineData(6, 1, 2.15197367124989131e-17)]
    [InlineData(20, 1, 5.39586561160790093e-176)]
    [InlineData(26, 1, 5.66319240885614285e-296)]
    public void Error_functions_keep_their_small_tails(double x, double erf, double erfc)
    {
        Close(erf, SpecialFunctions.Erf(x));
        Close(-erf, SpecialFunctions.Erf(-x));
        Close(erfc, SpecialFunctions.Erfc(x));
    }

    [Theory]
    [InlineData(-37, 5.72557122252457682e-300)]
    [InlineData(-10, 7.61985302416052607e-24)]
    [InlineData(-1.96, 0.0249978951482204362)]
    [InlineData(0.3, 0.617911422188952633)]
    [InlineData(3, 0.998650101968369905)]
    public void Normal_cdf_matches_the_oracle(double x, double expected)
    {
        Close(expected, SpecialFunctions.NormalCdf(x));
        Close(expected, SpecialFunctions.NormalSf(-x));
    }

    [Theory]
    [InlineData(1e-300, -37.0470962993611992)]
    [InlineData(1e-20, -9.26234008979840758)]
    [InlineData(1e-5, -4.26489079392282461)]
    [InlineData(0.025, -1.95996398454005421)]
    [InlineData(0.3, -0.524400512708040816)]
    [InlineData(0.49999999, -2.50662827331162231e-8)]
    [InlineData(0.5, 0)]
    [InlineData(0.5000001, 2.5066282733116483e-7)]
    [InlineData(0.95, 1.64485362695147228)]
    [InlineData(0.9999999, 5.19933758229066109)]
    public void Normal_quantile_matches_the_oracle(double p, double expected) =>
        Close(expected, SpecialFunctions.NormalQuantile(p));

    [Theory]
    [InlineData(3.841458820694124, 1, 0.0500000000000000574)]
    [InlineData(9.487729036781154, 4, 0.0500000000000000572)]
    [InlineData(0.5, 3, 0.918891411654675859)]
    [InlineData(100, 50, 0.0000345493138298486394)]
    [InlineData(1500, 1200, 6.34107128572473403e-9)]
    [InlineData(60, 1, 9.48573757107384927e-15)]
    public void Chi_square_tail_matches_the_oracle(double x, double df, double expected) =>
        Close(expected, SpecialFunctions.ChiSquareSf(x, df));

    [Theory]
    [InlineData(0.5, 1, 0.352416382349566726)]
    [InlineData(2, 5, 0.0509697394149291781)]
    [InlineData(12.7062, 1, 0.0250000092803551997)]
    [InlineData(-1, 10, 0.829553433848970064)]
    [InlineData(1e-6, 3, 0.499999632447403052)]
    [InlineData(5, 1000, 3.38362818232431519e-7)]
    [InlineData(30, 4, 3.67642804883066106e-6)]
    [InlineData(1.96, 1e6, 0.0249980337926348953)]
    public void Student_tail_matches_the_oracle(double t, double df, double expected) =>
        Close(expected, SpecialFunctions.StudentTSf(t, df));

    [Theory]
    [InlineData(0.2, 0.999999999999494959)]
    [InlineData(0.8, 0.544142411574198077)]
    [InlineData(1.0, 0.269999671677354521)]
    [InlineData(1.3580986393225505, 0.050000000000000033)]
    [InlineData(3, 3.04599594894252569e-8)]
    [InlineData(10, 2.76779305347347506e-87)]
    public void Kolmogorov_limit_matches_the_oracle(double lambda, double expected) =>
        Close(expected, SpecialFunctions.KolmogorovSf(lambda));

    [Fact]
    public void Outside_the_domain_there_is_no_number()
    {
        Assert.All(
            [
                SpecialFunctions.LogGamma(0), SpecialFunctions.LogGamma(-1.5), SpecialFunctions.RegularizedGammaP(-1, 1),
                SpecialFunctions.RegularizedGammaQ(1, double.NaN), SpecialFunctions.RegularizedBeta(1, 1, 1.1),
                SpecialFunctions.NormalQuantile(-0.1), SpecialFunctions.Erf(double.NaN),
            ],
            value => Assert.True(double.IsNaN(value)));
        Assert.Equal(double.NegativeInfinity, SpecialFunctions.NormalQuantile(0));
        Assert.Equal(0, SpecialFunctions.ChiSquareSf(double.PositiveInfinity, 3));
    }

    private static readonly Arbitrary<double> Positive = Gen.Choose(1, 60_000).Select(k => k / 1000.0).ToArbitrary();

    [Fact]
    public void Lower_and_upper_incomplete_gamma_sum_to_one() => Prop.ForAll(Positive, Positive, (a, x) =>
        Math.Abs(SpecialFunctions.RegularizedGammaP(a, x) + SpecialFunctions.RegularizedGammaQ(a, x) - 1) < 1e-13)
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Gamma_obeys_its_recurrence() => Prop.ForAll(Positive, x =>
        Math.Abs(SpecialFunctions.LogGamma(x + 1) - SpecialFunctions.LogGamma(x) - Math.Log(x)) < 1e-13 * (1 + (x * x)))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Beta_mirrors_when_its_parameters_swap() => Prop.ForAll(Positive, Positive, (a, b) =>
        Math.Abs(SpecialFunctions.RegularizedBeta(a, b, 0.375) + SpecialFunctions.RegularizedBeta(b, a, 0.625) - 1) < 1e-12)
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Beta_with_a_parameter_of_one_is_a_power() => Prop.ForAll(Positive, Gen.Choose(1, 999).ToArbitrary(), (b, k) =>
        Math.Abs(SpecialFunctions.RegularizedBeta(1, b, k / 1000.0) - (1 - Math.Pow(1 - (k / 1000.0), b))) < 1e-12)
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Student_with_two_degrees_of_freedom_has_a_closed_form() => Prop.ForAll(Gen.Choose(-9000, 9000).ToArbitrary(), k =>
        Math.Abs(SpecialFunctions.StudentTSf(k / 1000.0, 2) - (0.5 - (k / 1000.0 / (2 * Math.Sqrt(2 + (k * k / 1e6)))))) < 1e-14)
        .QuickCheckThrowOnFailure();

    [Fact]
    public void The_quantile_inverts_the_cdf() => Prop.ForAll(Gen.Choose(-8000, 5000).ToArbitrary(), k =>
        Math.Abs(SpecialFunctions.NormalQuantile(SpecialFunctions.NormalCdf(k / 1000.0)) - (k / 1000.0)) < 1e-9)
        .QuickCheckThrowOnFailure();
}
