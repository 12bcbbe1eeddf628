using FsCheck;
using FsCheck.Fluent;
using Slipway.Platform.Serving;

namespace Slipway.Tests.Serving;

public sealed class TrafficSplitTests
{
    private static Endpoint Canary(double share, string challenger = "1.1.0", string rollout = "r1") => new(
        "live", "m", null,
        [new Variant("1.0.0", 100 - share, VariantRole.Champion), new Variant(challenger, share, VariantRole.Challenger)],
        new EndpointOptions(), rollout);

    [Theory]
    [InlineData(5)]
    [InlineData(25)]
    [InlineData(50)]
    public void Shares_are_as_planned(double share)
    {
        const int n = 100_000;
        var split = new TrafficSplit(Canary(share));

        var challenger = Enumerable.Range(0, n).Count(i => split.Pick($"user-{i}") == 1);

        // Four standard errors of a binomial share.
        var p = share / 100;
        Assert.InRange(challenger / (double)n, p - (4 * Math.Sqrt(p * (1 - p) / n)), p + (4 * Math.Sqrt(p * (1 - p) / n)));
    }

    /// <remarks>Expected places from an implementation of FNV-1a and the MurmurHash3 finaliser in another language.</remarks>
    [Theory]
    [InlineData("alice", 0.0019216241944541856)]
    [InlineData("bob", 0.08485195352454589)]
    [InlineData("", 0.1964612352316456)]
    [InlineData("küche", 0.18175510340150225)]
    [InlineData("user-42", 0.9889222702597664)]
    public void A_key_keeps_its_place_for_ever(string key, double place)
    {
        Assert.Equal(1, new TrafficSplit(Canary((100 * place) + 1e-6)).Pick(key));
        Assert.Equal(0, new TrafficSplit(Canary((100 * place) - 1e-6)).Pick(key));
    }

    [Fact]
    public void A_challenger_that_grows_keeps_the_keys_it_had() => Prop.ForAll<NonNull<string>>(key =>
    {
        int[] picks = [.. new double[] { 1, 5, 25, 50, 99 }.Select(share => new TrafficSplit(Canary(share)).Pick(key.Get))];
        return picks.SequenceEqual(picks.Order());
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Another_challenger_is_tried_on_other_keys()
    {
        var (first, second) = (new TrafficSplit(Canary(50, "1.1.0")), new TrafficSplit(Canary(50, "1.2.0")));

        var both = Enumerable.Range(0, 10_000).Count(i => first.Pick($"k{i}") == 1 && second.Pick($"k{i}") == 1);

        // Independent halves: a quarter, within four standard errors.
        Assert.InRange(both / 10_000.0, 0.25 - 0.0174, 0.25 + 0.0174);
    }

    [Fact]
    public void Traffic_that_is_replayed_is_split_as_it_was()
    {
        var (first, again) = (new TrafficSplit(Canary(50, rollout: "r1")), new TrafficSplit(Canary(50, rollout: "r2")));

        Assert.All(Enumerable.Range(0, 1000), i => Assert.Equal(first.Pick($"k{i}"), again.Pick($"k{i}")));
    }

    [Fact]
    public void An_endpoint_with_one_version_gives_it_everything()
    {
        var split = new TrafficSplit(new Endpoint("live", "m", null, [new Variant("1.0.0", 100, VariantRole.Champion)], new EndpointOptions()));

        Assert.True(split.IsWhole);
        Assert.Equal(0, split.Pick("anybody"));
    }
}
