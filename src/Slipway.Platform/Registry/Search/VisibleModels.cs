using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Filters;

namespace Slipway.Platform.Registry.Search;

/// <summary>Which models an actor may read, as SQL.</summary>
internal static class VisibleModels
{
    public static string Condition(FilterSql sql, Actor actor, string table) => actor.May(Role.Viewer) ? "1 = 1" : Granted(sql, actor, table);

    public static string ConditionOfVersions(FilterSql sql, Actor actor) => actor.May(Role.Viewer)
        ? "1 = 1"
        : $"model_versions.model in (select m.name from registered_models m where {Granted(sql, actor, "m")})";

    private static string Granted(FilterSql sql, Actor actor, string table)
    {
        var (projects, models) = (Names(sql, actor, "project/"), Names(sql, actor, "model/"));
        return $"({table}.project in ({projects}) or {table}.name in ({models}))";
    }

    /// <summary>An empty list is that of NULL, which nothing is in.</summary>
    private static string Names(FilterSql sql, Actor actor, string scope)
    {
        var names = (actor.Grants ?? new Dictionary<string, Role>())
            .Where(grant => grant.Value >= Role.Viewer && grant.Key.StartsWith(scope, StringComparison.Ordinal))
            .Select(grant => sql.Bind(grant.Key[scope.Length..]))
            .ToList();
        return names.Count == 0 ? "null" : string.Join(", ", names);
    }
}
