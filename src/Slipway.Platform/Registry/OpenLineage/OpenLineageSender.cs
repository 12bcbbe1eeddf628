using System.Net;
using System.Net.Http.Headers;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Foundation.Outgoing;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry.OpenLineage;

/// <summary>
/// Tells an OpenLineage receiver about runs, at least once: each event is a job of the transaction that changed the run, and one
/// that was not taken leaves a later one behind. The event is written when it is sent, from what is known then.
/// </summary>
internal sealed class OpenLineageSender : IDisposable
{
    public const string Job = "openlineage.emit";

    public static RunSubscription Subscription { get; } = new(Job, RunEventKind.Started, RunEventKind.Ended, RunEventKind.Registered);

    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);

    private readonly Db db;
    private readonly JobService jobs;
    private readonly TrackingService tracking;
    private readonly ExperimentService experiments;
    private readonly LineageService lineage;
    private readonly OpenLineageOptions options;
    private readonly TimeProvider time;
    private readonly HttpClient http;

    public OpenLineageSender(
        Db db, JobService jobs, TrackingService tracking, ExperimentService experiments, LineageService lineage, OpenLineageOptions options,
        OutgoingAddressPolicy outgoing, TimeProvider time)
    {
        (this.db, this.jobs, this.tracking, this.experiments, this.lineage, this.options, this.time) =
            (db, jobs, tracking, experiments, lineage, options, time);

        // Events and the key go where the operator said, be it an inner address, and nowhere else.
        var policy = options.Target is { } target ? outgoing.With(AllowedTarget.HostOf(target)) : outgoing;
        http = new HttpClient(policy.CreateHandler()) { Timeout = TimeSpan.FromSeconds(10) };
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Slipway", null));
        if (options.ApiKey is not null)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", options.ApiKey);
        }
    }

    public async Task<string?> RunAsync(Job job, CancellationToken cancel)
    {
        var delivery = ReadDelivery(job);
        if (options.Target is not { } target)
        {
            return Json.Write(new { skipped = "No receiver is configured any more." });
        }

        if (await FindAsync(delivery.Event.RunId, cancel) is not { } run)
        {
            return Json.Write(new { skipped = "The run is gone." });
        }

        var failure = await PostAsync(target, new OpenLineageEvent(options).Write(delivery.Event, run), cancel);
        return failure is null ? null : await LaterAsync(delivery, target, failure, cancel);
    }

    public void Dispose() => http.Dispose();

    /// <summary>The first attempt has the event alone, as whoever changed the run enqueued it.</summary>
    private static Delivery ReadDelivery(Job job) =>
        Json.Read<Delivery>(job.Payload) is { Event: not null } again ? again : new Delivery(Json.Read<RunEvent>(job.Payload), 1, job.CreatedMs);

    private async Task<OpenLineageRun?> FindAsync(string runId, CancellationToken cancel)
    {
        try
        {
            var detail = await DetailAsync(runId, cancel);
            var versions = await lineage.TraceAsync(LineageNode.Run(runId), LineageDirection.Downstream, 1, cancel);
            (string, string)? parent = detail.Run.ParentId is { } id
                ? (id, await JobOfAsync((await DetailAsync(id, cancel)).Run.ExperimentId, cancel))
                : null;
            return new OpenLineageRun(
                detail, await JobOfAsync(detail.Run.ExperimentId, cancel), parent,
                [.. versions.Nodes.Where(node => node.Kind == LineageKind.ModelVersion).Select(node => node.Id)]);
        }
        catch (SlipwayException gone) when (gone.Kind == ErrorKind.NotFound)
        {
            return null;
        }
    }

    private Task<RunDetail> DetailAsync(string runId, CancellationToken cancel) =>
        db.ReadAsync(session => tracking.GetRunAsync(session, runId, cancel), cancel);

    private async Task<string> JobOfAsync(long experimentId, CancellationToken cancel) =>
        (await experiments.GetAsync(LineageService.Reader, experimentId, cancel)).Name;

    /// <returns>Why it was not taken, or null.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when it never will be.</exception>
    private async Task<string?> PostAsync(Uri target, byte[] body, CancellationToken cancel)
    {
        try
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await http.PostAsync(target, content, cancel);
            return response.StatusCode switch
            {
                HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity => throw new SlipwayException(
                    ErrorKind.FailedPrecondition, $"{target} refuses the event with {(int)response.StatusCode}; it is not sent again."),
                _ when response.IsSuccessStatusCode => null,
                var status => $"It answered {(int)status}.",
            };
        }
        catch (HttpRequestException failure)
        {
            return failure.Message;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return $"It did not answer in {http.Timeout.TotalSeconds} s.";
        }
    }

    private async Task<string?> LaterAsync(Delivery delivery, Uri target, string failure, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var age = now - DateTimeOffset.FromUnixTimeMilliseconds(delivery.FirstMs);
        if (age > options.GiveUp)
        {
            throw new SlipwayException(ErrorKind.FailedPrecondition, $"{target} did not take the event in {age.TotalHours:f0} hours: {failure}");
        }

        var wait = options.Retry * Math.Pow(2, Math.Min(delivery.Attempt - 1, 20));
        var next = delivery with { Attempt = delivery.Attempt + 1 };
        await jobs.EnqueueAsync(
            Job, next, cancel, $"{next.Event.RunId}/{EnumName.Of(next.Event.Kind)}/{EnumName.Of(next.Event.Status)}/{next.Event.AtMs}#{next.Attempt}",
            now + (wait < LongestWait ? wait : LongestWait));
        return Json.Write(new { failure, next.Attempt });
    }

    /// <param name="FirstMs">When it was enqueued first.</param>
    internal sealed record Delivery(RunEvent Event, int Attempt, long FirstMs);
}
