using Slipway.Client.Http;
using Slipway.Client.Tracking;
using Slipway.Core.Errors;

namespace Slipway.Client;

/// <summary>
/// A Slipway server as a .NET program sees it. Every call throws <see cref="SlipwayException"/> with the server's kind and
/// message, and <see cref="ErrorKind.Unavailable"/> when no server answers. Safe to share between threads.
/// </summary>
public sealed class SlipwayClient : IDisposable
{
    private readonly Transport transport;
    private readonly SlipwayClientOptions options;

    /// <param name="server">Such as <c>http://127.0.0.1:8080</c>; a path in it is kept as a prefix.</param>
    /// <param name="apiKey">Sent as a bearer token; null for a server that asks for none.</param>
    public SlipwayClient(Uri server, string? apiKey = null, SlipwayClientOptions? options = null)
    {
        this.options = options ?? new SlipwayClientOptions();
        transport = new Transport(server, apiKey, this.options);
        Experiments = new ExperimentClient(transport);
        Runs = new RunClient(transport);
        Artifacts = new ArtifactClient(transport);
        LoggedModels = new LoggedModelClient(transport);
        Models = new ModelClient(transport);
        Lineage = new LineageClient(transport);
        Approvals = new ApprovalClient(transport);
        Audit = new AuditClient(transport);
        Predictions = new PredictionClient(transport);
        Features = new FeatureClient(transport);
        DeadLetters = new DeadLetterClient(transport);
    }

    public Uri Server => transport.Server;

    public ExperimentClient Experiments { get; }

    public RunClient Runs { get; }

    public ArtifactClient Artifacts { get; }

    public LoggedModelClient LoggedModels { get; }

    public ModelClient Models { get; }

    public LineageClient Lineage { get; }

    public ApprovalClient Approvals { get; }

    public AuditClient Audit { get; }

    public PredictionClient Predictions { get; }

    public FeatureClient Features { get; }

    public DeadLetterClient DeadLetters { get; }

    /// <summary>
    /// Starts a run that gathers what is logged and sends it in the background. Disposing it sends the rest and ends the run as
    /// finished, unless <see cref="TrackedRun.Fail"/> was called; it throws when something could not be sent.
    /// </summary>
    /// <param name="experiment">Its name; it is made when there is none.</param>
    /// <remarks>
    /// In a program that <c>slipway runs reproduce --run</c> started, the run that waits for it is taken instead of a new one.
    /// </remarks>
    public Task<TrackedRun> StartRunAsync(string experiment, TrackedRunOptions? run = null, CancellationToken cancel = default) =>
        RunStarter.StartAsync(this, experiment, run ?? new TrackedRunOptions(), options, cancel);

    /// <summary>The same for the length of some work: it ends the run as failed when the work throws, and as killed when it is cancelled.</summary>
    public async Task TrackAsync(
        string experiment, Func<TrackedRun, CancellationToken, Task> work, TrackedRunOptions? run = null, CancellationToken cancel = default)
    {
        await using var tracked = await StartRunAsync(experiment, run, cancel);
        try
        {
            await work(tracked, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            tracked.Kill();
            throw;
        }
        catch
        {
            tracked.Fail();
            throw;
        }
    }

    public void Dispose() => transport.Dispose();
}
