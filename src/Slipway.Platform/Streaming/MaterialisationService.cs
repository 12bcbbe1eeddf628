using Slipway.Core.Errors;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;

namespace Slipway.Platform.Streaming;

/// <summary>Brings views into the online store from the files and databases of their sources: by hand, from then on, or by a schedule.</summary>
public sealed class MaterialisationService(
    Db db, FeatureRegistryService registry, BatchMaterialisation batches, StreamMaterialisation streams, AnalyticsEngine analytics,
    SourceFolder folder, Scratch scratch, JobService jobs, ScheduleService schedules, TimeProvider time)
{
    public const string JobKind = "features.materialise";

    private const string SchedulePrefix = "features.materialise/";

    /// <returns>The id of the run.</returns>
    /// <exception cref="SlipwayException">NotFound for a view or its file; Invalid; FailedPrecondition for a view whose source is a topic alone.</exception>
    public async Task<MaterialisationStatus> StartAsync(MaterialisationRequest request, CancellationToken cancel)
    {
        Check(request);
        foreach (var view in await ViewsAsync(request.Views, cancel))
        {
            folder.Check(view.Source, view.Stored.Name);
        }

        var id = await jobs.EnqueueAsync(JobKind, request, cancel);
        return await StatusAsync(id!, cancel);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task<MaterialisationStatus> StatusAsync(string id, CancellationToken cancel)
    {
        var job = await jobs.GetAsync(id, cancel);
        return job.Kind == JobKind
            ? new MaterialisationStatus(id, job.State, job.LastError, [.. (await batches.RunAsync(id, cancel)).Select(Report)])
            : throw SlipwayException.NotFound($"There is no materialisation '{id}'.");
    }

    /// <summary>Those of the views that a run has yet to finish.</summary>
    /// <param name="views">Null for all whose source has files or is on PostgreSQL.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task<IReadOnlyList<string>> UnderWayAsync(IReadOnlyList<string>? views, CancellationToken cancel)
    {
        var (asked, busy) = (await ViewsAsync(views, cancel), new HashSet<string>(StringComparer.Ordinal));
        foreach (var job in await jobs.UnfinishedAsync(JobKind, cancel))
        {
            var (names, progress) = (Json.Read<MaterialisationRequest>(job.Payload).Views, await batches.RunAsync(job.Id, cancel));
            busy.UnionWith(asked
                .Where(view => (names?.Contains(view.Stored.Name) ?? HasRows(view))
                    && !progress.Any(one => one.Finished && one.View == view.Stored.Key))
                .Select(view => view.Stored.Name));
        }

        return [.. asked.Select(view => view.Stored.Name).Where(busy.Contains)];
    }

    /// <summary>Every stored view, and how far behind the present it is.</summary>
    public async Task<IReadOnlyList<ViewFreshness>> FreshnessAsync(CancellationToken cancel)
    {
        var (marks, now, views) = (await batches.WatermarksAsync(cancel), time.GetUtcNow(), new List<ViewFreshness>());
        foreach (var view in await registry.StoredViewsAsync(cancel))
        {
            var mark = marks.TryGetValue(view.Stored.Key, out var found) ? found : (DateTimeOffset?)null;
            if (view.Windowed is not null
                && (await db.ReadAsync(session => StreamStore.PositionAsync(session, view.Stored.Key, cancel), cancel)).WatermarkUs is { } us)
            {
                mark = Microseconds.ToDateTimeOffset(us);
            }

            views.Add(new ViewFreshness(view.Stored.Key, mark, mark is { } at ? (now - at).TotalSeconds : null));
        }

        return views;
    }

    /// <summary>Adds the schedule, or replaces the one of this name.</summary>
    /// <exception cref="SlipwayException">NotFound for a view; Invalid for a cron expression or zone that is not one.</exception>
    public async Task<Schedule> PutScheduleAsync(string name, MaterialisationSchedule schedule, CancellationToken cancel)
    {
        Limit.Name("The name of a schedule", name, 100);
        _ = await ViewsAsync(schedule.Views, cancel);
        return await schedules.PutAsync(
            SchedulePrefix + name, schedule.Cron, schedule.TimeZone, JobKind, new MaterialisationRequest(schedule.Views), cancel);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Task DeleteScheduleAsync(string name, CancellationToken cancel) => schedules.DeleteAsync(SchedulePrefix + name, cancel);

    internal async Task<string?> RunAsync(Job job, CancellationToken cancel)
    {
        var request = Json.Read<MaterialisationRequest>(job.Payload);
        var created = DateTimeOffset.FromUnixTimeMilliseconds(job.CreatedMs);
        var mode = request.Mode ?? (request.From is null ? MaterialisationMode.Incremental : MaterialisationMode.Range);
        var range = new MaterialisationRange(
            mode, request.From is { } from ? Microseconds.From(from) : null, Microseconds.From(request.To ?? created));
        var finished = (await batches.RunAsync(job.Id, cancel)).Where(view => view.Finished).Select(view => view.View).ToHashSet(StringComparer.Ordinal);
        foreach (var view in (await ViewsAsync(request.Views, cancel)).Where(view => !finished.Contains(view.Stored.Key)))
        {
            using var copies = scratch.Open();
            await (view.Windowed is { } windowed
                ? RunAsync(job.Id, view, windowed, copies, range, cancel)
                : batches.RunAsync(job.Id, view.Stored.Key, window => folder.OpenAsync(view, analytics, copies, cancel, window), range, created, cancel));
        }

        return Json.Write((await batches.RunAsync(job.Id, cancel)).ToDictionary(view => view.View, view => view.Rows));
    }

    /// <summary>
    /// Windows need all of their history, whatever range is asked for. Once a view has begun, its stream carries it on, and only a
    /// run that is asked for in so many words begins it anew.
    /// </summary>
    private async Task RunAsync(
        string run, SourcedView sourced, WindowedView view, ScratchFolder copies, MaterialisationRange range, CancellationToken cancel)
    {
        var rows = 0;
        var begun = (await db.ReadAsync(session => StreamStore.PositionAsync(session, view.Key, cancel), cancel)).HistoryUntilUs is not null;
        if (!begun || range.Mode != MaterialisationMode.Incremental)
        {
            var history = await folder.ReadAsync(sourced, view.Fields, analytics, copies, cancel);
            rows = await streams.MaterialiseAsync(view.Key, history, Microseconds.ToDateTimeOffset(range.ToUs), cancel);
        }

        await batches.NoteAsync(run, view.Stored, range with { Mode = MaterialisationMode.Full, FromUs = null }, rows, cancel);
    }

    /// <summary>What is in force, and the versions that endpoints hold beside it.</summary>
    private async Task<IReadOnlyList<SourcedView>> ViewsAsync(IReadOnlyList<string>? names, CancellationToken cancel)
    {
        if (names is null)
        {
            return [.. (await registry.StoredViewsAsync(cancel)).Where(HasRows)];
        }

        var views = new List<SourcedView>();
        foreach (var name in names)
        {
            views.AddRange(await registry.InUseAsync(name, cancel));
        }

        return [.. views.DistinctBy(view => view.Stored.Key)];
    }

    private static bool HasRows(SourcedView view) => view.Source.Path is not null || view.Source.Postgres is not null;

    private static void Check(MaterialisationRequest request)
    {
        if (request.Mode == MaterialisationMode.Range ? request.From is null : request.Mode is not null && request.From is not null)
        {
            throw SlipwayException.Invalid("'from' is given with the mode 'range' and no other.");
        }

        if (request.From > request.To)
        {
            throw SlipwayException.Invalid($"The range begins at {request.From:u}, after it ends at {request.To:u}.");
        }
    }

    private static ViewProgressReport Report(ViewMaterialisation view) => new(
        view.View, view.FromUs is { } from ? Microseconds.ToDateTimeOffset(from) : null, Microseconds.ToDateTimeOffset(view.ToUs), view.Done,
        view.Rows, view.Finished, view.Violations.Count == 0 ? null : view.Violations);
}
