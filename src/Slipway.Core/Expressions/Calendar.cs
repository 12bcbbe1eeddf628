namespace Slipway.Core.Expressions;

/// <summary>
/// Days since 1970-01-01 to the civil calendar and back, for any year (the date types of .NET end at 9999).
/// Years begin in March here, so that the leap day is the last: day-of-year = (153·month + 2) / 5 + day.
/// </summary>
/// <remarks>After Howard Hinnant's description of the days_from_civil algorithm (2013).</remarks>
internal static class Calendar
{
    private const long DaysPerEra = 146_097; // 400 years
    private const long EpochFromMarchOfYearZero = 719_468;

    public static long DayNumber(long year, long month, long day)
    {
        var y = month <= 2 ? year - 1 : year;
        var era = FloorDiv(y, 400);
        var yearOfEra = y - (era * 400);
        var dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5) + day - 1;
        var dayOfEra = (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear;
        return (era * DaysPerEra) + dayOfEra - EpochFromMarchOfYearZero;
    }

    public static (long Year, long Month, long Day) Of(long dayNumber)
    {
        var z = dayNumber + EpochFromMarchOfYearZero;
        var era = FloorDiv(z, DaysPerEra);
        var dayOfEra = z - (era * DaysPerEra);
        var yearOfEra = (dayOfEra - (dayOfEra / 1_460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        var dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        var shifted = ((5 * dayOfYear) + 2) / 153;
        var month = shifted < 10 ? shifted + 3 : shifted - 9;
        return (yearOfEra + (era * 400) + (month <= 2 ? 1 : 0), month, dayOfYear - (((153 * shifted) + 2) / 5) + 1);
    }

    private static long FloorDiv(long a, long b) => (a / b) - (a % b < 0 ? 1 : 0);
}
