using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Serving;

namespace Slipway.Platform.Monitoring;

/// <summary>Watches deployed endpoints: windows, drift, quality, and what follows from them.</summary>
public sealed class MonitoringService
{
    public const string AdvanceJob = "monitoring.advance";
    private const int MostPerPage = 1000;

    private readonly Db db;
    private readonly ReferenceLibrary references;
    private readonly WindowAdvance windows;
    private readonly AlertBook alerts;
    private readonly WebhookSender webhooks;
    private readonly ScheduleService schedules;
    private readonly ServingService serving;
    private readonly AccessService access;
    private readonly AuditLog audit;
    private readonly MonitoringOptions options;
    private readonly TimeProvider time;

    internal MonitoringService(
        Db db, ReferenceLibrary references, WindowAdvance windows, AlertBook alerts, WebhookSender webhooks, ScheduleService schedules,
        ServingService serving, AccessService access, AuditLog audit, MonitoringOptions options, TimeProvider time)
    {
        this.db = db;
        this.references = references;
        this.windows = windows;
        this.alerts = alerts;
        this.webhooks = webhooks;
        this.schedules = schedules;
        this.serving = serving;
        this.access = access;
        this.audit = audit;
        this.options = options;
        this.time = time;
    }

    /// <summary>Watches the endpoint, or changes how it is watched; windows that are closed stay as they are.</summary>
    /// <remarks>The profile of the reference is made anew from the same rows, for the definition says what of them is needed.</remarks>
    /// <exception cref="SlipwayException">NotFound for the endpoint, Invalid naming the rule that is broken.</exception>
    public async Task PutAsync(MonitorDefinition definition, Actor actor, CancellationToken cancel)
    {
        access.Require(actor, Role.Contributor, Subject(definition.Endpoint));
        MonitorCheck.Checked(definition);
        webhooks.Check(definition);
        await serving.GetAsync(definition.Endpoint, cancel);
        var rebuilt = await RebuildAsync(definition, cancel);
        await db.WriteAsync(
            async session =>
            {
                await MonitorStore.PutAsync(session, definition, Now(), cancel);
                if (rebuilt is not null)
                {
                    await MonitorStore.PutReferenceAsync(session, definition.Endpoint, rebuilt, cancel);
                }

                await alerts.DropOrphansAsync(session, definition, cancel);
                await audit.AppendAsync(session, actor, "monitor.put", Subject(definition.Endpoint), definition, cancel);
            },
            cancel);
        await ScheduleAsync(definition, cancel);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task<EndpointMonitor> GetAsync(string endpoint, CancellationToken cancel)
    {
        var row = await FindAsync(endpoint, cancel);
        return await db.ReadAsync(
            async session => new EndpointMonitor(
                row.Definition,
                row.ReferenceVersion is { } version
                    ? (await MonitorStore.FindReferenceAsync(session, endpoint, version, cancel))?.Summary : null,
                (await MonitorStore.CursorsAsync(session, endpoint, cancel)).ToDictionary(c => c.Key.ToString(), c => c.Value),
                row.UpdatedMs),
            cancel);
    }

    /// <summary>
    /// Compares with this model version from the next window on: at a deployment, and after a promotion. A version's reference is
    /// set once; naming it again with the same source only makes it the one in force, which is how a rollback returns to it.
    /// </summary>
    /// <exception cref="SlipwayException">NotFound without monitor or blob, Invalid for a table that does not fit, Conflict when the
    /// version has another reference.</exception>
    public async Task<ReferenceSummary> RebaseAsync(string endpoint, ReferenceSource source, Actor actor, CancellationToken cancel)
    {
        access.Require(actor, Role.Contributor, Subject(endpoint));
        var row = await FindAsync(endpoint, cancel);
        var known = await db.ReadAsync(s => MonitorStore.FindReferenceAsync(s, endpoint, source.ModelVersion, cancel), cancel);
        if (known is not null && Json.Write(known.Source) != Json.Write(source))
        {
            throw SlipwayException.Conflict(
                $"Version {source.ModelVersion} of endpoint '{endpoint}' has the reference {known.Source.Blob}, which does not change.");
        }

        var reference = await references.BuildAsync(row.Definition, known?.Source ?? source, cancel);
        await db.WriteAsync(
            async session =>
            {
                await MonitorStore.PutReferenceAsync(session, endpoint, reference, cancel);
                await MonitorStore.UseReferenceAsync(session, endpoint, source.ModelVersion, Now(), cancel);
                await audit.AppendAsync(session, actor, "monitor.rebase", Subject(endpoint), source, cancel);
            },
            cancel);
        return reference.Summary;
    }

    /// <summary>
    /// Closes every window that ends by the watermark, once, and judges those whose outcomes are due. Calling it again, from
    /// wherever and however often, changes nothing more.
    /// </summary>
    /// <param name="watermarkUs">How far event time has come: no prediction of an earlier time is expected any more.</param>
    /// <exception cref="SlipwayException">NotFound, or Invalid for a watermark absurdly far away.</exception>
    public async Task<AdvanceResult> AdvanceAsync(string endpoint, long watermarkUs, CancellationToken cancel) =>
        await windows.AdvanceAsync((await FindAsync(endpoint, cancel)).Definition, watermarkUs, cancel);

    /// <summary>Newest first.</summary>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<MonitorWindow>> WindowsAsync(
        string endpoint, WindowLength? window, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of windows", limit, 1, MostPerPage);
        var query = Json.Write(new[] { "windows", endpoint, window?.ToString() });
        var before = pageToken is null ? WindowPosition.First : PageToken.Read<WindowPosition>(pageToken, query);
        var rows = await db.ReadAsync(s => WindowStore.ListAsync(s, endpoint, window, before, limit + 1, cancel), cancel);
        return PageToken.Cut(rows, limit, query, w => new WindowPosition(w.StartUs, w.Window.Microseconds));
    }

    /// <summary>Newest first, of windows that start in [from, to).</summary>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<DriftResult>> DriftAsync(
        string endpoint, string? feature, long? fromUs, long? toUs, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of drift results", limit, 1, MostPerPage);
        var query = Json.Write(new[] { "drift", endpoint, feature, $"{fromUs}", $"{toUs}" });
        var before = pageToken is null ? ResultPosition.First : PageToken.Read<ResultPosition>(pageToken, query);
        var rows = await db.ReadAsync(
            s => ResultStore.DriftAsync(
                s, endpoint, feature, fromUs ?? long.MinValue, toUs ?? long.MaxValue, before, limit + 1, cancel),
            cancel);
        return PageToken.Cut(
            rows, limit, query,
            r => new ResultPosition(r.StartUs, r.Window.Microseconds, r.Feature, EnumName.Of(r.Aspect)));
    }

    /// <summary>Newest first, of windows that start in [from, to).</summary>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<QualityResult>> QualityAsync(
        string endpoint, long? fromUs, long? toUs, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of quality results", limit, 1, MostPerPage);
        var query = Json.Write(new[] { "quality", endpoint, $"{fromUs}", $"{toUs}" });
        var before = pageToken is null ? ResultPosition.First : PageToken.Read<ResultPosition>(pageToken, query);
        var rows = await db.ReadAsync(
            s => ResultStore.QualityAsync(s, endpoint, fromUs ?? long.MinValue, toUs ?? long.MaxValue, before, limit + 1, cancel),
            cancel);
        return PageToken.Cut(
            rows, limit, query, r => new ResultPosition(r.StartUs, r.Window.Microseconds, r.ModelVersion, r.Role));
    }

    /// <summary>Newest first.</summary>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<TriggerRecord>> TriggersAsync(string endpoint, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of triggers", limit, 1, MostPerPage);
        var query = Json.Write(new[] { "triggers", endpoint });
        var before = pageToken is null ? "~" : PageToken.Read<string>(pageToken, query);
        var rows = await db.ReadAsync(s => MonitorStore.TriggersAsync(s, endpoint, before, limit + 1, cancel), cancel);
        return PageToken.Cut(rows, limit, query, t => t.Id);
    }

    internal async Task<string?> RunAsync(Job job, CancellationToken cancel)
    {
        var result = await AdvanceAsync(Json.Read<AdvancePayload>(job.Payload).Endpoint, Now() * 1000, cancel);
        return Json.Write(result);
    }

    private async Task<MonitorRow> FindAsync(string endpoint, CancellationToken cancel) =>
        await db.ReadAsync(s => MonitorStore.FindAsync(s, endpoint, cancel), cancel)
        ?? throw SlipwayException.NotFound($"Endpoint '{endpoint}' has no monitor.");

    private async Task<ReferenceRow?> RebuildAsync(MonitorDefinition definition, CancellationToken cancel)
    {
        var reference = await db.ReadAsync(
            async session => await MonitorStore.FindAsync(session, definition.Endpoint, cancel) is { ReferenceVersion: { } version }
                ? await MonitorStore.FindReferenceAsync(session, definition.Endpoint, version, cancel) : null,
            cancel);
        return reference is null ? null : await references.BuildAsync(definition, reference.Source, cancel);
    }

    private async Task ScheduleAsync(MonitorDefinition definition, CancellationToken cancel)
    {
        var name = $"monitor:{definition.Endpoint}";
        if (definition.Clock == MonitorClock.System)
        {
            await schedules.PutAsync(name, options.Cron, "UTC", AdvanceJob, new AdvancePayload(definition.Endpoint), cancel);
        }
        else if ((await schedules.ListAsync(cancel)).Any(s => s.Name == name))
        {
            await schedules.DeleteAsync(name, cancel);
        }
    }

    private static string Subject(string endpoint) => $"monitor/{endpoint}";

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private sealed record AdvancePayload(string Endpoint);
}
