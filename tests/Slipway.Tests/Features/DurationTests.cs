using Slipway.Platform.Foundation.Yaml;

namespace Slipway.Tests.Features;

public sealed class DurationTests
{
    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("30s", 30)]
    [InlineData("30m", 1800)]
    [InlineData("2h", 7200)]
    [InlineData("1.5d", 129600)]
    [InlineData("1w", 604800)]
    [InlineData("PT30M", 1800)]
    [InlineData("P1DT1H", 90000)]
    [InlineData("0", 0)]
    public void A_duration_is_read_as_people_write_it(string text, double seconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(seconds, duration.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("h")]
    [InlineData("-1h")]
    [InlineData("10")]
    [InlineData("2 hours")]
    [InlineData("PT")]
    [InlineData("999999999999w")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(Duration.TryParse(text, out _));
}
