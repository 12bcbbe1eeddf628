using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Erasure;

/// <summary>Takes entities out of everything that features are read from, and keeps them out.</summary>
public sealed class ErasureService(
    Db db, FeatureRegistryService registry, OnlineStore online, ErasureList list, AccessService access, AuditLog audit, TimeProvider time)
{
    public const int MaxEntities = 10_000;

    /// <summary>
    /// Removes the entities' online rows and puts them on the list that joins, materialisations and streams leave out. The list
    /// first, so that nobody writes a row after its deletion. Done again it changes nothing.
    /// </summary>
    /// <exception cref="SlipwayException">Forbidden below <see cref="Role.Admin"/>; NotFound for the entity; Invalid; Unavailable.</exception>
    public async Task<ErasureReport> EraseAsync(ErasureRequest request, Actor actor, CancellationToken cancel)
    {
        var keys = await PutAsync(request, actor, erased: true, cancel);
        var erased = keys.ToHashSet(KeyBytes.Comparer);
        var (views, verified) = (new List<ErasedView>(), true);
        foreach (var (view, part, whole) in await ViewsAsync(request.Entity, cancel))
        {
            var found = await FindAsync(view, part, whole, keys, erased, cancel);
            views.Add(new ErasedView(view, await online.DeleteAsync(view, found, cancel)));
            verified &= whole
                ? (await online.ReadAsync(view, EntityKeys.Of(keys), cancel)).All(entry => entry is null)
                : (await FindAsync(view, part, whole, keys, erased, cancel)).Count == 0;
        }

        return new ErasureReport(request.Entity, keys.Length, views, verified);
    }

    /// <summary>Takes the entities off the list: what sources still hold about them counts again at its next materialisation.</summary>
    /// <exception cref="SlipwayException">Forbidden below <see cref="Role.Admin"/>; NotFound for the entity; Invalid.</exception>
    public Task LiftAsync(ErasureRequest request, Actor actor, CancellationToken cancel) => PutAsync(request, actor, erased: false, cancel);

    private async Task<byte[][]> PutAsync(ErasureRequest request, Actor actor, bool erased, CancellationToken cancel)
    {
        access.Require(actor, Role.Admin, $"feature entity '{request.Entity}'");
        var keys = Keys(await EntityAsync(request.Entity, cancel), request);
        var hashes = keys.Select(key => ErasedKeys.Hash(request.Entity, key)).ToArray();
        await db.WriteAsync(
            async session =>
            {
                await ErasureStore.PutAsync(session, request.Entity, hashes, erased, actor.Name, time.GetUtcNow().ToUnixTimeMilliseconds(), cancel);
                await audit.AppendAsync(
                    session, actor, erased ? "feature_entity.erase" : "feature_entity.lift", request.Entity,
                    new { Entities = hashes.Length, First = Convert.ToHexStringLower(hashes[0]) }, cancel);
            },
            cancel);
        await list.LoadAsync(cancel);
        return keys;
    }

    private async Task<EntityDefinition> EntityAsync(string name, CancellationToken cancel)
    {
        var entities = await registry.ListAsync(DefinitionKind.Entity, cancel);
        return entities.FirstOrDefault(entity => entity.Name == name) is { } stored
            ? Json.Read<EntityDefinition>(stored.Definition)
            : throw SlipwayException.NotFound(
                $"There is no entity '{name}'; there are {string.Join(", ", entities.Select(entity => entity.Name).DefaultIfEmpty("none"))}.");
    }

    private static byte[][] Keys(EntityDefinition entity, ErasureRequest request)
    {
        var rows = JsonColumns.Read(request.Keys, entity.JoinKeys, []);
        Limit.Range("The number of entities that are erased at once", rows.Rows, 1, MaxEntities);
        var keys = EntityKeys.Of([.. entity.JoinKeys.Select(key => rows[key.Name])], rows.Rows);
        return
        [
            .. Enumerable.Range(0, rows.Rows).Select(row => !keys.IsMissing(row)
                ? keys.ToArray(row)
                : throw SlipwayException.Invalid($"Row {row}: a key of entity '{entity.Name}' is null.")),
        ];
    }

    /// <summary>Every version of every stored view over the entity; <c>Whole</c> where the entity's key is all of the view's.</summary>
    private async Task<List<(string View, KeyPart Part, bool Whole)>> ViewsAsync(string entity, CancellationToken cancel)
    {
        var catalog = await registry.CatalogAsync(cancel);
        return
        [
            .. from view in catalog.Stored
               from version in Enumerable.Range(1, view.Version)
               let parts = catalog.KeyParts($"{view.Name}@{version}")
               from part in parts.Where(part => part.Entity == entity)
               select ($"{view.Name}@{version}", part, parts.Count == 1),
        ];
    }

    /// <summary>The view's keys that hold one of the entities; where that is a part of the key, by going through all of them.</summary>
    private async Task<IReadOnlyList<byte[]>> FindAsync(
        string view, KeyPart part, bool whole, byte[][] keys, HashSet<byte[]> erased, CancellationToken cancel)
    {
        if (whole)
        {
            return keys;
        }

        var found = new List<byte[]>();
        await foreach (var key in online.KeysAsync(view, cancel))
        {
            if (erased.Contains(EntityKeys.Part(key, part.First, part.Count).ToArray()))
            {
                found.Add(key);
            }
        }

        return found;
    }
}
