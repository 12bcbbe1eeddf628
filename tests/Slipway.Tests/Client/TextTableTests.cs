using Slipway.Commands.Client;

namespace Slipway.Tests.Client;

public sealed class TextTableTests
{
    private static readonly TextTable Table = new(
        ["NAME", "AUC", "NOTE"],
        [["baseline", "0.75", "the first one that was any good"], ["deep", "12", ""]]);

    [Fact]
    public void Columns_are_aligned_and_numbers_stand_right() => Assert.Equal(
        "NAME       AUC  NOTE\nbaseline  0.75  the first one that was any good\ndeep        12\n", Table.Render(null));

    [Fact]
    public void On_a_narrow_terminal_the_widest_column_is_cut() => Assert.Equal(
        "NAME       AUC  NOTE\nbaseline  0.75  the first on…\ndeep        12\n", Table.Render(29));

    [Fact]
    public void A_name_cannot_command_the_terminal() =>
        Assert.Equal("a�[31mb c\n", new TextTable([""], [["a\u001b[31mb\nc"]]).Render(null));
}
