using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Registry.Search;

/// <summary>Finds models and versions by filter and order, showing each actor only what it may read.</summary>
public sealed class RegistrySearch(Db db)
{
    public const int MaxModels = 1000;
    public const int MaxVersions = 200_000;

    /// <param name="filter">In the grammar of <see cref="RegistryGrammar.Models"/>; null or empty for all.</param>
    /// <param name="orderBy">Such as <c>last_updated_timestamp DESC</c>; by name where they leave it open.</param>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<RegisteredModel>> ModelsAsync(
        Actor actor, string? filter, IReadOnlyList<string> orderBy, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of models", limit, 1, MaxModels);
        var search = new Keyset(db.Engine, ModelColumns.On(db.Engine), RegistryGrammar.Models, "models", filter, orderBy, [RegistryGrammar.ByName]);
        var sql = search.Select(ModelStore.Columns, "registered_models", VisibleModels.Condition(search.Sql, actor, "registered_models"), pageToken, limit + 1);
        var rows = await db.ReadAsync(
            async session => await ModelStore.WithDetailAsync(
                session, await session.QueryAsync(sql, search.Sql.BindTo, ModelStore.Read, cancel), cancel),
            cancel);
        return search.Cut(rows, limit, ModelColumns.Value);
    }

    /// <param name="filter">In the grammar of <see cref="RegistryGrammar.Versions"/>; null or empty for all.</param>
    /// <param name="orderBy">Last changed first, then by name, highest number first, where they leave it open.</param>
    /// <param name="limit">1 to 200,000.</param>
    public async Task<Page<ModelVersion>> VersionsAsync(
        Actor actor, string? filter, IReadOnlyList<string> orderBy, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of versions", limit, 1, MaxVersions);
        var search = new Keyset(
            db.Engine, VersionColumns.On(db.Engine), RegistryGrammar.Versions, "versions", filter, orderBy,
            orderBy.Count == 0 ? RegistryGrammar.NewestVersions : RegistryGrammar.VersionKey);
        var visible = VisibleModels.ConditionOfVersions(search.Sql, actor);
        var sql = search.Select(VersionStore.Columns, "model_versions", visible, pageToken, limit + 1);
        var rows = await db.ReadAsync(
            async session => await VersionStore.WithDetailAsync(
                session, await session.QueryAsync(sql, search.Sql.BindTo, VersionStore.Read, cancel), cancel),
            cancel);
        return search.Cut(rows, limit, VersionColumns.Value);
    }
}
