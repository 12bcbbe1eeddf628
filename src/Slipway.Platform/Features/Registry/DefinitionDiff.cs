using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Registry;

/// <summary>What applying definitions would change, and what would then be stored.</summary>
internal static class DefinitionDiff
{
    /// <summary>Of what is given, and of what is stored and builds on it: a service always stands for one set of versions.</summary>
    /// <exception cref="Core.Errors.SlipwayException">Invalid with the reason when the definitions do not compile.</exception>
    public static async Task<List<(DefinitionChange Change, StoredDefinition Stored)>> ReadAsync(
        DbSession session, FeatureRepository definitions, Actor actor, DateTimeOffset now, CancellationToken cancel)
    {
        var stored = await FeatureRegistryStore.LatestAsync(session, cancel);
        var latest = stored.ToDictionary(d => (d.Kind, d.Name));
        var all = definitions.Over(FeatureCatalog.Repository(stored));
        _ = FeatureCatalog.Compile(all, (_, _) => 1);
        var given = DefinitionSet.Of(definitions);
        var moved = DefinitionSet.Of(all).Where(set => given.TrueForAll(g => (g.Kind, g.Name) != (set.Kind, set.Name))
            && latest[(set.Kind, set.Name)].ContentHash != set.Hash);
        var changes = given.Concat(moved).Select(set => (Set: set, Change: Change(set, latest.GetValueOrDefault((set.Kind, set.Name))))).ToList();
        var after = latest.ToDictionary(d => d.Key, d => d.Value.Version);
        changes.ForEach(c => after[(c.Change.Kind, c.Change.Name)] = c.Change.To);
        StatedVersions.Check(definitions, latest, changes.ConvertAll(c => c.Change));
        return changes.ConvertAll(c => (Notices.On(c.Change, all, latest.GetValueOrDefault((c.Set.Kind, c.Set.Name)), c.Set.Json), new StoredDefinition(
            c.Set.Kind, c.Set.Name, c.Change.To, c.Set.Hash, c.Set.Json, actor.Name, now)
        {
            Uses = c.Set.Kind == DefinitionKind.Service ? all.Uses(all.Service(c.Set.Name), (kind, name) => after[(kind, name)]) : null,
        }));
    }

    private static DefinitionChange Change(DefinitionSet set, StoredDefinition? before)
    {
        var action = before is null ? ChangeAction.Create
            : before.ContentHash != set.Hash ? ChangeAction.Update
            : before.Definition != set.Json ? ChangeAction.Annotate
            : ChangeAction.Unchanged;
        var version = (before?.Version ?? 0) + (action is ChangeAction.Create or ChangeAction.Update ? 1 : 0);
        return new DefinitionChange(set.Kind, set.Name, action, before?.Version, version);
    }
}
