using Slipway.Core.Data;

namespace Slipway.Core.Expressions;

/// <summary>Parts of a timestamp and distances between two, on the proleptic Gregorian calendar in UTC.</summary>
internal static class DateFunctions
{
    private const long Second = 1_000_000;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;
    private const long Day = 24 * Hour;

    private static readonly (string Name, long Micros)[] Units =
        [("seconds", Second), ("minutes", Minute), ("hours", Hour), ("days", Day)];

    public static IEnumerable<Overload> Overloads() =>
    [
        Part("second", t => Modulo(t, Minute) / Second, "second"),
        Part("minute", t => Modulo(t, Hour) / Minute, "minute"),
        Part("hour", t => Modulo(t, Day) / Hour, "hour"),
        Part("weekday", t => Modulo(DayOf(t) + 3, 7) + 1, "isodow"), // 1970-01-01 was a Thursday; Monday is 1.
        Part("day_of_month", t => Calendar.Of(DayOf(t)).Day, "day"),
        Part("day_of_year", t => DayOf(t) - Calendar.DayNumber(Calendar.Of(DayOf(t)).Year, 1, 1) + 1, "dayofyear"),
        Part("month", t => Calendar.Of(DayOf(t)).Month, "month"),
        Part("quarter", t => ((Calendar.Of(DayOf(t)).Month - 1) / 3) + 1, "quarter"),
        Part("year", t => Calendar.Of(DayOf(t)).Year, "year"),
        Overload.Total<long, long, long>(
            "months_between", DataType.Timestamp, DataType.Timestamp, DataType.Int64, (a, b) => Months(b) - Months(a),
            "date_diff('month', {0}, {1})"),
        .. Units.Select(u => Add(u.Name, u.Micros)),
        .. Units.Select(u => Between(u.Name, u.Micros)),
    ];

    public static IReadOnlyList<string> TruncationUnits { get; } = ["second", "minute", "hour", "day", "week", "month", "quarter", "year"];

    /// <summary>The beginning of the unit that a time is in; weeks begin on Monday. Null for a unit that is not one.</summary>
    public static Partial<long, long>? Truncation(string unit) => unit switch
    {
        "second" => Fixed(Second),
        "minute" => Fixed(Minute),
        "hour" => Fixed(Hour),
        "day" => Fixed(Day),
        "week" => Days(t => DayOf(t) - Modulo(DayOf(t) + 3, 7)),
        "month" => Days(t => Calendar.Of(DayOf(t)) is var (year, month, _) ? Calendar.DayNumber(year, month, 1) : 0),
        "quarter" => Days(t => Calendar.Of(DayOf(t)) is var (year, month, _) ? Calendar.DayNumber(year, ((month - 1) / 3 * 3) + 1, 1) : 0),
        "year" => Days(t => Calendar.DayNumber(Calendar.Of(DayOf(t)).Year, 1, 1)),
        _ => null,
    };

    private static Partial<long, long> Fixed(long micros) => (long t, out long result) =>
    {
        result = t - Modulo(t, micros);
        return true;
    };

    private static Partial<long, long> Days(Func<long, long> day) => (long t, out long result) =>
    {
        result = day(t) * Day;
        return true;
    };

    private static long Months(long t) => Calendar.Of(DayOf(t)) is var (year, month, _) ? (year * 12) + month : 0;

    private static Overload Part(string name, Func<long, long> part, string sql) =>
        Overload.Total(name, DataType.Timestamp, DataType.Int64, part, sql + "({0})");

    /// <summary>add_minutes(t, 2.5): rounded to the microsecond, null beyond the range of a timestamp.</summary>
    private static Overload Add(string unit, long micros) => Overload.Of<long, double, long>(
        "add_" + unit, DataType.Timestamp, DataType.Float64, DataType.Timestamp,
        (long t, double amount, out long result) =>
        {
            var shift = Math.Round(amount * micros, MidpointRounding.AwayFromZero);
            result = 0;
            return Arithmetic.Truncate(shift, out var whole) && Arithmetic.Add(t, whole, out result);
        },
        $"make_timestamp({Guard.Int64($"epoch_us({{0}})::hugeint + {Guard.Truncated($"round({{1}} * {micros}e0)")}")})");

    /// <summary>minutes_between(start, end): negative when the end is before the start.</summary>
    private static Overload Between(string unit, long micros) => Overload.Of<long, long, double>(
        unit + "_between", DataType.Timestamp, DataType.Timestamp, DataType.Float64,
        (long start, long end, out double result) =>
        {
            var fits = Arithmetic.Subtract(end, start, out var difference);
            result = (double)difference / micros;
            return fits;
        },
        $"({Guard.Int64("epoch_us({1})::hugeint - epoch_us({0})")}::double / {micros}e0)");

    private static long DayOf(long t) => (t - Modulo(t, Day)) / Day;

    private static long Modulo(long a, long b) => ((a % b) + b) % b;
}
