using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Errors;
using Slipway.Core.Reproduction;

namespace Slipway.Tests.Reproduction;

public sealed class CommandTextTests
{
    [Theory]
    [InlineData("train --seed 7", new[] { "train", "--seed", "7" })]
    [InlineData("  python  'my train.py'  \"a b\"", new[] { "python", "my train.py", "a b" })]
    [InlineData("echo 'it'\\''s' \"say \\\"hi\\\"\" a\\ b", new[] { "echo", "it's", "say \"hi\"", "a b" })]
    [InlineData("x '' \"$HOME\" *.txt", new[] { "x", "", "$HOME", "*.txt" })]
    [InlineData("", new string[0])]
    public void A_line_is_split_as_a_shell_would_without_expanding(string line, string[] words) =>
        Assert.Equal(words, CommandText.Split(line));

    [Fact]
    public void Any_words_survive_being_one_line() => Prop.ForAll<string[]>(given =>
    {
        string[] words = [.. given.Select(word => (word ?? "").Replace('\0', 'x'))];
        return CommandText.Split(CommandText.Join(words)).SequenceEqual(words);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_quote_that_is_left_open_is_refused() =>
        Assert.Contains("not closed", Assert.Throws<SlipwayException>(() => CommandText.Split("train 'x")).Message, StringComparison.Ordinal);
}
