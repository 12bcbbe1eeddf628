using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;

namespace Slipway.Platform.Tracking.Garbage;

/// <summary>
/// Takes away for good what was deleted long enough ago and what nothing names any more. May be interrupted at any point and
/// run again: what is left over is found the next time.
/// </summary>
public sealed class GarbageService
{
    private readonly Db db;
    private readonly BlobStore blobs;
    private readonly BlobGarbage content;
    private readonly JobService jobs;
    private readonly AccessService access;
    private readonly AuditLog audit;
    private readonly GarbageOptions options;
    private readonly TimeProvider time;
    private readonly DeletedOwners owners;
    private readonly StoreMark mark;

    public GarbageService(
        Db db, BlobStore blobs, BlobGarbage content, JobService jobs, AccessService access, AuditLog audit,
        IEnumerable<ArtifactHold> holds, GarbageOptions options, TimeProvider time)
    {
        (this.db, this.blobs, this.content, this.jobs, this.access, this.audit, this.options, this.time) =
            (db, blobs, content, jobs, access, audit, options, time);
        owners = new DeletedOwners(db, blobs, holds);
        mark = new StoreMark(db, blobs);
    }

    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Forbidden"/> unless the actor is an admin; FailedPrecondition when the files belong to another database.
    /// </exception>
    public async Task<GarbageReport> CollectAsync(Actor actor, GarbageRequest request, CancellationToken cancel)
    {
        access.Require(actor, Role.Admin, "server/garbage");
        if (request.OlderThan < TimeSpan.Zero || request.OlderThan > TimeSpan.FromDays(36_500))
        {
            throw SlipwayException.Invalid($"Garbage is older than 0 to 36500 days; got {request.OlderThan.TotalDays} days.");
        }

        await mark.CheckAsync(cancel);
        var now = time.GetUtcNow();
        var sweep = new Sweep(now - request.OlderThan, now - options.OrphanAge, request.DryRun);
        await owners.CollectAsync(sweep, cancel);
        await owners.CollectOrphansAsync(sweep, cancel);
        await CollectContentAsync(sweep, cancel);
        CollectUploads(sweep);
        await CollectJobsAsync(sweep, now - options.JobAge, cancel);
        await AuditAsync(actor, sweep.Report, cancel);
        return sweep.Report;
    }

    private async Task CollectContentAsync(Sweep sweep, CancellationToken cancel)
    {
        foreach (var blob in await content.FindAsync(sweep.OrphansBefore, cancel))
        {
            if (sweep.DryRun || content.Remove(blob, sweep.OrphansBefore))
            {
                sweep.Take(GarbageKind.Blob, blob.Path, blob.Bytes);
            }
        }
    }

    private void CollectUploads(Sweep sweep)
    {
        var unfinished = blobs.UnfinishedBefore(sweep.OrphansBefore);
        if (unfinished.Files > 0)
        {
            sweep.Take(GarbageKind.Uploads, "unfinished uploads", unfinished.Bytes, unfinished.Files);
        }

        if (!sweep.DryRun)
        {
            blobs.RemoveUnfinished(sweep.OrphansBefore);
        }
    }

    private async Task CollectJobsAsync(Sweep sweep, DateTimeOffset before, CancellationToken cancel)
    {
        var count = sweep.DryRun ? await jobs.CountSucceededAsync(before, cancel) : await jobs.RemoveSucceededAsync(before, cancel);
        if (count > 0)
        {
            sweep.Take(GarbageKind.Jobs, "succeeded jobs", 0, count);
        }
    }

    private Task AuditAsync(Actor actor, GarbageReport report, CancellationToken cancel)
    {
        if (report.DryRun || report.Items.Count == 0)
        {
            return Task.CompletedTask;
        }

        var detail = new
        {
            report.Bytes,
            Counts = report.Items.GroupBy(item => EnumName.Of(item.Kind)).ToDictionary(group => group.Key, group => group.Sum(item => item.Count)),
        };
        return db.WriteAsync(session => audit.AppendAsync(session, actor, "garbage.collect", "server/garbage", detail, cancel), cancel);
    }
}
