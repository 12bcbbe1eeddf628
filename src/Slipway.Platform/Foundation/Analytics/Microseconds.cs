namespace Slipway.Platform.Foundation.Analytics;

/// <summary>Conversions between <see cref="Core.Data.DataType.Timestamp"/> and the framework's types; all times are UTC.</summary>
public static class Microseconds
{
    public static long From(DateTime time) => (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static long From(DateTimeOffset time) => From(time.UtcDateTime);

    public static DateTime ToDateTime(long microseconds) => DateTime.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    public static DateTimeOffset ToDateTimeOffset(long microseconds) => new(ToDateTime(microseconds));
}
