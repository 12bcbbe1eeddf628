using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Monitoring;

namespace Slipway.Tests.Monitoring;

public sealed class WindowLengthTests
{
    [Theory]
    [InlineData("1d", "2001-05-16T13:45:00Z", "2001-05-16T00:00:00Z")]
    [InlineData("7d", "2001-05-16T13:45:00Z", "2001-05-14T00:00:00Z")]
    [InlineData("1w", "2001-05-14T00:00:00Z", "2001-05-14T00:00:00Z")]
    [InlineData("6h", "2001-05-16T13:45:00Z", "2001-05-16T12:00:00Z")]
    [InlineData("1d", "1969-12-31T23:59:59Z", "1969-12-31T00:00:00Z")]
    public void Days_begin_at_midnight_and_weeks_on_monday(string window, string time, string start) =>
        Assert.Equal(Us(start), WindowLength.Parse(window).StartOf(Us(time)));

    [Fact]
    public void A_time_lies_in_its_window_and_windows_tile_time() => Prop.ForAll(
        Gen.Choose(-2_000_000_000, 2_000_000_000).ToArbitrary(), Gen.Elements("1h", "8h", "1d", "3d", "7d").ToArbitrary(), (seconds, text) =>
        {
            var (window, time) = (WindowLength.Parse(text), seconds * 1_000_000L);
            var start = window.StartOf(time);
            return start <= time && time < start + window.Microseconds
                && window.StartOf(start) == start && window.StartOf(start - 1) == start - window.Microseconds;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("5h")]
    [InlineData("36h")]
    [InlineData("30m")]
    [InlineData("0")]
    [InlineData("93d")]
    [InlineData("day")]
    public void A_window_that_does_not_tile_days_is_refused(string text) =>
        Assert.Contains($"got '{text}'", Assert.Throws<SlipwayException>(() => WindowLength.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void It_is_written_as_it_is_read()
    {
        Assert.Equal("\"7d\"", Json.Write(WindowLength.Parse("1w")));
        Assert.Equal(WindowLength.Parse("6h"), Json.Read<WindowLength>("\"6h\""));
    }

    private static long Us(string time) => Traffic.Us(DateTime.Parse(time, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal));
}
