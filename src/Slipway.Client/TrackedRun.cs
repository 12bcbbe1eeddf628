using Slipway.Client.Tracking;
using Slipway.Core.Errors;

namespace Slipway.Client;

/// <summary>
/// A run that a program logs into. Logging does not wait for the network: values are gathered and sent in batches, in order, and
/// again until the server has them. A value the server refuses costs only itself. What could not be sent is thrown by
/// <see cref="FlushAsync"/> and at the end. Safe to use from several threads.
/// </summary>
public sealed class TrackedRun : IAsyncDisposable
{
    private readonly SlipwayClient client;
    private readonly RunFlusher flusher;
    private readonly TimeProvider time;
    private RunStatus outcome = RunStatus.Finished;
    private bool disposed;

    internal TrackedRun(SlipwayClient client, Run run, SlipwayClientOptions options)
    {
        this.client = client;
        Run = run;
        time = options.Time;
        flusher = new RunFlusher(client.Runs, run.Id, options);
    }

    public string Id => Run.Id;

    /// <summary>As it was when it started.</summary>
    public Run Run { get; }

    /// <param name="value">Any double, NaN and infinities included.</param>
    /// <param name="step">The step of training, any order.</param>
    /// <param name="at">Now, when absent.</param>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Unavailable"/> when <see cref="SlipwayClientOptions.MaxPending"/> values wait already; what the server
    /// said when it takes nothing for this run any more.
    /// </exception>
    public void LogMetric(string key, double value, long step = 0, DateTimeOffset? at = null) =>
        flusher.Add(new MetricPoint(key, value, (at ?? time.GetUtcNow()).ToUnixTimeMilliseconds(), step));

    /// <summary>A param is written once: another value for it is refused.</summary>
    /// <exception cref="SlipwayException">As <see cref="LogMetric"/>.</exception>
    public void LogParam(string key, string value) => flusher.AddParam(key, value);

    /// <exception cref="SlipwayException">As <see cref="LogMetric"/>.</exception>
    public void LogParams(IEnumerable<KeyValuePair<string, string>> values)
    {
        foreach (var (key, value) in values)
        {
            LogParam(key, value);
        }
    }

    /// <summary>Adds a tag or replaces its value.</summary>
    /// <exception cref="SlipwayException">As <see cref="LogMetric"/>.</exception>
    public void SetTag(string key, string value) => flusher.SetTag(key, value);

    /// <summary>Says which dataset the run reads. Sent at once.</summary>
    public Task LogInputAsync(DatasetInput input, CancellationToken cancel = default) => client.Runs.LogInputAsync(Id, input, cancel);

    /// <summary>The same for a file, which is hashed here.</summary>
    /// <param name="name">The file's name when absent.</param>
    /// <param name="context">What for, such as <c>training</c>.</param>
    public async Task<DatasetInput> LogDatasetAsync(
        string file, string? name = null, string context = "", long? rows = null, CancellationToken cancel = default)
    {
        var input = new DatasetInput(
            name ?? Path.GetFileNameWithoutExtension(file), await ArtifactClient.DigestAsync(file, cancel), file.Replace('\\', '/'), rows, context,
            SourceType: "local");
        await LogInputAsync(input, cancel);
        return input;
    }

    /// <summary>Sends a file, at once.</summary>
    /// <param name="path">Within the run; the file's name when absent.</param>
    public Task<StoredArtifact> LogArtifactAsync(
        string file, string? path = null, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default) =>
        client.Artifacts.UploadFileAsync(Id, path ?? Path.GetFileName(file), file, progress, cancel);

    /// <summary>Returns when the server has everything that was logged before.</summary>
    /// <exception cref="SlipwayException">What the server refused since the last call, or that it does not answer.</exception>
    public Task FlushAsync(CancellationToken cancel = default) => flusher.FlushAsync(cancel);

    /// <summary>The run ends as failed instead of finished.</summary>
    public void Fail() => outcome = RunStatus.Failed;

    /// <summary>The run ends as killed instead of finished.</summary>
    public void Kill() => outcome = RunStatus.Killed;

    /// <summary>Sends what is left and ends the run.</summary>
    /// <exception cref="SlipwayException">
    /// What could not be stored and how much of it. The run is ended all the same where the server can be reached, as failed then.
    /// </exception>
    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        SlipwayException? lost = null;
        try
        {
            await flusher.DisposeAsync();
        }
        catch (SlipwayException failure)
        {
            lost = failure;
        }

        await EndAsync(lost);
        if (lost is not null)
        {
            throw lost;
        }
    }

    private async Task EndAsync(SlipwayException? lost)
    {
        var status = lost is not null && outcome == RunStatus.Finished ? RunStatus.Failed : outcome;
        try
        {
            await client.Runs.FinishAsync(Id, status, time.GetUtcNow().ToUnixTimeMilliseconds());
        }
        catch (SlipwayException) when (lost is not null)
        {
            // The first failure says more.
        }
    }
}
