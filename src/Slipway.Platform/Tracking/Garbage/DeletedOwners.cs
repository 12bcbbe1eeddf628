using System.Text.RegularExpressions;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking.Garbage;

/// <summary>
/// Takes runs, logged models and experiments that were deleted, each in a transaction of its own. Rows go first and files
/// then: a crash between the two leaves files without a row, which the next collection finds.
/// </summary>
internal sealed partial class DeletedOwners(Db db, BlobStore blobs, IEnumerable<ArtifactHold> holds)
{
    private const int PieceRows = 500;

    private readonly ArtifactHold[] holds = [.. holds];

    public async Task CollectAsync(Sweep sweep, CancellationToken cancel)
    {
        await CollectAsync(sweep, ArtifactOwnerKind.LoggedModel, GarbageKind.LoggedModel, cancel);
        await CollectAsync(sweep, ArtifactOwnerKind.Run, GarbageKind.Run, cancel);
        await CollectExperimentsAsync(sweep, cancel);
    }

    /// <summary>Artifacts whose owner is gone: what a crash left, or an upload that ended after its run was taken.</summary>
    public async Task CollectOrphansAsync(Sweep sweep, CancellationToken cancel)
    {
        foreach (var (folder, kind) in ((string, ArtifactOwnerKind)[])[
            (ArtifactFolders.Runs, ArtifactOwnerKind.Run), (ArtifactFolders.LoggedModels, ArtifactOwnerKind.LoggedModel)])
        {
            var after = "";
            while (blobs.List(folder, recursive: false, after, PieceRows) is { Count: > 0 } page)
            {
                // Folders first, rows then: a run is in the database before it has files.
                string[] ids = [.. page.Select(entry => entry.Path)];
                var known = (await db.ReadAsync(session => GarbageStore.KnownAsync(session, kind, ids, cancel), cancel)).ToHashSet(StringComparer.Ordinal);
                foreach (var id in ids.Where(id => !known.Contains(id)))
                {
                    RemoveFiles(sweep, GarbageKind.Artifacts, $"{folder}/{id}", $"{folder}/{id}");
                }

                after = ids[^1];
            }
        }
    }

    private async Task CollectAsync(Sweep sweep, ArtifactOwnerKind kind, GarbageKind garbage, CancellationToken cancel)
    {
        var held = await HeldAsync(cancel);
        var after = "";
        while (await db.ReadAsync(s => GarbageStore.DeletedAsync(s, kind, sweep.BeforeMs, after, PieceRows, cancel), cancel) is { Count: > 0 } ids)
        {
            foreach (var id in ids)
            {
                if (held.TryGetValue(id, out var reason))
                {
                    sweep.Keep(garbage, id, reason);
                }
                else
                {
                    await TakeAsync(sweep, new ArtifactOwner(kind, id), garbage, cancel);
                }
            }

            after = ids[^1];
        }
    }

    private async Task TakeAsync(Sweep sweep, ArtifactOwner owner, GarbageKind garbage, CancellationToken cancel)
    {
        if (sweep.DryRun || await db.WriteAsync(session => GarbageStore.RemoveAsync(session, owner, sweep.BeforeMs, cancel), cancel))
        {
            RemoveFiles(sweep, garbage, owner.Id, owner.Folder);
        }
    }

    private void RemoveFiles(Sweep sweep, GarbageKind garbage, string name, string folder)
    {
        sweep.Take(garbage, name, blobs.Measure(folder).Bytes);
        if (!sweep.DryRun)
        {
            blobs.Delete(folder);
        }
    }

    private async Task CollectExperimentsAsync(Sweep sweep, CancellationToken cancel)
    {
        var held = sweep.DryRun ? await OccupiedAfterAsync(sweep, cancel) : [];
        foreach (var (id, name) in await db.ReadAsync(session => GarbageStore.DeletedExperimentsAsync(session, sweep.BeforeMs, cancel), cancel))
        {
            var taken = sweep.DryRun
                ? !held.Contains(id)
                : await db.WriteAsync(session => GarbageStore.RemoveExperimentAsync(session, id, sweep.BeforeMs, cancel), cancel);
            if (taken)
            {
                sweep.Take(GarbageKind.Experiment, name, 0);
            }
            else
            {
                sweep.Keep(GarbageKind.Experiment, name, "a run or logged model in it is kept");
            }
        }
    }

    /// <summary>Experiments of what this sweep keeps.</summary>
    private async Task<HashSet<long>> OccupiedAfterAsync(Sweep sweep, CancellationToken cancel)
    {
        var occupied = new HashSet<long>();
        foreach (var kept in sweep.Report.Kept)
        {
            var owner = kept.Kind == GarbageKind.Run ? ArtifactOwner.Run(kept.Name) : ArtifactOwner.LoggedModel(kept.Name);
            if (await db.ReadAsync(session => ArtifactStore.FindAsync(session, owner, cancel), cancel) is { } place)
            {
                occupied.Add(place.ExperimentId);
            }
        }

        return occupied;
    }

    private async Task<Dictionary<string, string>> HeldAsync(CancellationToken cancel)
    {
        var held = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var hold in holds)
        {
            foreach (var text in await db.QueryAsync(hold.Sql, null, row => row.IsDBNull(0) ? "" : row.GetString(0), cancel))
            {
                foreach (var id in Id().Matches(text).Select(match => match.Value))
                {
                    held.TryAdd(id, hold.Reason);
                }
            }
        }

        return held;
    }

    [GeneratedRegex("(m-)?[0-9a-f]{32}", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}
