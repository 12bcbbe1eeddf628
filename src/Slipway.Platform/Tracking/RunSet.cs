using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>A set of run ids as one parameter: an array in PostgreSQL, JSON in SQLite, which has no arrays.</summary>
internal static class RunSet
{
    public static string Sql(DbSession session) => session.Engine == DbEngine.Postgres
        ? "= any(@runs)"
        : "in (select value from json_each(@runs))";

    public static Action<DbParameters> Bind(DbSession session, string[] runs) =>
        c => c.With("runs", session.Engine == DbEngine.Postgres ? runs : Json.Write(runs));
}
