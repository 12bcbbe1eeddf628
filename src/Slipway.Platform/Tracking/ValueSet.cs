using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>A set of values as one parameter: an array in PostgreSQL, JSON in SQLite, which has no arrays.</summary>
internal static class ValueSet
{
    /// <summary>The condition that follows a column, such as <c>= any(@ids)</c>.</summary>
    /// <param name="name">Of the parameter.</param>
    public static string In(DbSession session, string name) => session.Engine == DbEngine.Postgres
        ? $"= any(@{name})"
        : $"in (select value from json_each(@{name}))";

    public static object Of<T>(DbSession session, T[] values) =>
        session.Engine == DbEngine.Postgres ? values : Json.Write(values);
}
