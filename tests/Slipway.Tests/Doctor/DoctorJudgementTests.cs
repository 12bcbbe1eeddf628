using Slipway.Doctor;

namespace Slipway.Tests.Doctor;

public sealed class DoctorJudgementTests
{
    [Theory]
    [InlineData(1970, 0, "Fail")]
    [InlineData(2024, 0, "Fail")]
    [InlineData(2101, 0, "Fail")]
    [InlineData(2026, 0, "Ok")]
    [InlineData(2026, 50, "Ok")]
    [InlineData(2026, -51, "Warn")]
    [InlineData(2026, 51, "Warn")]
    public void A_clock_is_right_when_its_year_is_and_it_does_not_jump(int year, int jumpMs, string verdict) => Assert.Equal(
        Enum.Parse<Verdict>(verdict),
        ClockCheck.Judge(new DateTimeOffset(year, 5, 1, 0, 0, 0, TimeSpan.Zero), TimeSpan.Zero, TimeSpan.FromMilliseconds(jumpMs)).Verdict);

    [Fact]
    public void The_local_offset_is_told_with_its_sign() => Assert.Equal(
        "2026-05-01 12:00:00 UTC, local offset -03:30",
        ClockCheck.Judge(new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero), TimeSpan.FromHours(-3.5), TimeSpan.Zero).Found);

    [Theory]
    [InlineData(99L << 20, "Fail")]
    [InlineData(100L << 20, "Warn")]
    [InlineData(1L << 30, "Ok")]
    public void Free_space_decides(long bytes, string verdict) =>
        Assert.Equal(Enum.Parse<Verdict>(verdict), DataFolderCheck.JudgeSpace("/data", bytes).Verdict);

    [Theory]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(1L << 20, "1 MiB")]
    [InlineData(5L << 30, "5 GiB")]
    public void Sizes_are_for_people(long bytes, string expected) => Assert.Equal(expected, ByteSize.Format(bytes));
}
