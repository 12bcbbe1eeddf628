using System.Diagnostics.Metrics;
using Slipway.Core.Errors;
using Slipway.Inference;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Serving;

/// <summary>The meter <c>Slipway.Serving</c>.</summary>
public sealed class ServingMetrics : IDisposable
{
    public const string MeterName = "Slipway.Serving";

    private readonly Meter meter = new(MeterName);
    private readonly Counter<long> requests;
    private readonly Counter<long> errors;
    private readonly Counter<long> failures;
    private readonly Counter<long> rows;
    private readonly Counter<long> dropped;
    private readonly Counter<long> limited;
    private readonly Histogram<double> seconds;

    public ServingMetrics()
    {
        requests = meter.CreateCounter<long>("slipway.serving.requests", "{request}", "Prediction requests.");
        errors = meter.CreateCounter<long>("slipway.serving.errors", "{request}", "Prediction requests that were not answered.");
        failures = meter.CreateCounter<long>("slipway.serving.failures", "{row}", "Rows for which a version gave no score.");
        rows = meter.CreateCounter<long>("slipway.serving.rows", "{row}", "Rows predicted.");
        dropped = meter.CreateCounter<long>("slipway.serving.log.dropped", "{row}", "Predictions that were answered and not logged.");
        limited = meter.CreateCounter<long>("slipway.serving.limited", "{request}", "Requests refused by a limit of their caller.");
        seconds = meter.CreateHistogram("slipway.serving.duration", "s", "Time from a request's arrival to its answer.", null,
            new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
            });
    }

    public void Answered(string endpoint, int count, TimeSpan took)
    {
        var tag = Tag(endpoint);
        requests.Add(1, tag);
        rows.Add(count, tag);
        seconds.Record(took.TotalSeconds, tag);
    }

    public void Refused(string endpoint, Exception failure)
    {
        // A name that does not exist is the caller's invention: as a tag it would let anybody grow the metrics.
        var tag = Tag(failure is SlipwayException { Kind: ErrorKind.NotFound } ? "" : endpoint);
        var reason = failure switch
        {
            SlipwayException error => EnumName.Of(error.Kind),
            OperationCanceledException => "cancelled",
            _ => "internal",
        };
        requests.Add(1, tag);
        errors.Add(1, tag, new KeyValuePair<string, object?>("reason", reason));
    }

    public void Failed(string endpoint, string version, int count) =>
        failures.Add(count, Tag(endpoint), new KeyValuePair<string, object?>("version", version));

    public void Dropped(string endpoint, int count) => dropped.Add(count, Tag(endpoint));

    /// <param name="reason"><c>rate</c> or <c>concurrency</c>.</param>
    public void Limited(string endpoint, string reason) =>
        limited.Add(1, Tag(endpoint), new KeyValuePair<string, object?>("reason", reason));

    /// <summary>Shows what the versions in memory do and what waits for them.</summary>
    public void Observe(Func<IEnumerable<VersionStatistics>> versions)
    {
        IEnumerable<Measurement<T>> Each<T>(Func<ModelStatistics, T> value) where T : struct => versions().Select(version =>
            new Measurement<T>(value(version.Statistics), Tag(version.Endpoint), new KeyValuePair<string, object?>("version", version.Version)));

        meter.CreateObservableGauge("slipway.serving.queue.length", () => Each(s => s.Waiting), "{request}", "Requests that wait for a version.");
        meter.CreateObservableCounter("slipway.serving.inferences", () => Each(s => s.InferenceCount), "{row}", "Rows that a version ran.");
        meter.CreateObservableCounter("slipway.serving.executions", () => Each(s => s.ExecutionCount), "{call}", "Native calls that ran them.");
        meter.CreateObservableCounter("slipway.serving.queue.full", () => Each(s => s.QueueFull), "{request}", "Requests refused by a full queue.");
        meter.CreateObservableCounter("slipway.serving.timeouts", () => Each(s => s.TimedOut), "{request}", "Requests whose time ran out.");
        meter.CreateObservableCounter(
            "slipway.serving.queue.duration", () => Each(s => s.Queue.Nanoseconds / 1e9), "s", "Time that answered requests waited.");
    }

    public void Dispose() => meter.Dispose();

    private static KeyValuePair<string, object?> Tag(string endpoint) => new("endpoint", endpoint);
}
