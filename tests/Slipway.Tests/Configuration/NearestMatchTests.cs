using FsCheck;
using FsCheck.Fluent;
using Slipway.Configuration;

namespace Slipway.Tests.Configuration;

public sealed class NearestMatchTests
{
    // The textbook pairs for Levenshtein's distance.
    [Theory]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("saturday", "sunday", 3)]
    [InlineData("", "abc", 3)]
    [InlineData("same", "same", 0)]
    public void The_distance_counts_single_changes(string left, string right, int expected) =>
        Assert.Equal(expected, NearestMatch.Distance(left, right));

    [Fact]
    public void The_distance_is_a_metric()
    {
        var word = Gen.Elements('a', 'b', 'c').ArrayOf().Select(letters => new string(letters)).ToArbitrary();
        Prop.ForAll(word, word, word, (a, b, c) =>
            NearestMatch.Distance(a, b) == NearestMatch.Distance(b, a)
            && (NearestMatch.Distance(a, b) == 0) == (a == b)
            && NearestMatch.Distance(a, c) <= NearestMatch.Distance(a, b) + NearestMatch.Distance(b, c))
            .QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("log-levle", " (did you mean 'log-level'?)")]
    [InlineData("xyz", "")]
    public void Only_a_near_name_is_suggested(string word, string expected) =>
        Assert.Equal(expected, NearestMatch.Suggest(word, ["log-level", "log-format", "urls"]));
}
