using System.Data.Common;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Streaming;

/// <summary>
/// Carries the streaming feature views forward, one loop per topic. A change of the definitions or of a state ends the loops
/// and begins them anew; so does a failure, after which all is read again from the database.
/// </summary>
public sealed partial class StreamProcessor(
    Db db, EventLog log, FeatureRegistryService registry, OnlineStore store, StreamSignals signals, StreamOptions options,
    TimeProvider time, ILogger<StreamProcessor> logger) : BackgroundService
{
    internal const string MeterName = "Slipway.Streaming";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> Events = Meter.CreateCounter<long>(
        "slipway.streaming.events", "{event}", "Events taken in by the streaming feature views.");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var changed = Task.WhenAny(registry.Changed, signals.Replaced.Next);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            var loops = await StartAsync(ending);
            try
            {
                await ChangeAsync(changed, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                // Stopping: the loops end below, each with a snapshot.
            }

            await ending.CancelAsync();
            await Task.WhenAll(loops);
        }
    }

    private async Task<Task[]> StartAsync(CancellationTokenSource ending)
    {
        while (true)
        {
            try
            {
                var views = await registry.StreamingViewsAsync(ending.Token);
                return [.. views.GroupBy(v => v.Topic).Select(
                    topic => RunAsync(topic.Key, [.. topic], ending.Token))];
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                return [];
            }
            catch (SlipwayException failure) when (failure.Kind == ErrorKind.Unavailable)
            {
                LogFailed(failure, "*");
                await PauseAsync(ending.Token);
            }
        }
    }

    /// <summary>What another server applies is seen only by looking.</summary>
    private async Task ChangeAsync(Task changed, CancellationToken cancel)
    {
        while (db.Engine == DbEngine.Postgres && !changed.IsCompleted)
        {
            await Task.WhenAny(changed, Task.Delay(options.Poll, time, cancel));
            cancel.ThrowIfCancellationRequested();
            try
            {
                await registry.StreamingViewsAsync(cancel);
            }
            catch (SlipwayException failure) when (failure.Kind == ErrorKind.Unavailable)
            {
                LogFailed(failure, "*");
            }
        }

        await changed.WaitAsync(cancel);
    }

    private async Task RunAsync(string topic, IReadOnlyList<WindowedView> views, CancellationToken cancel)
    {
        await Task.Yield();
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await using var lease = await TopicLease.TryTakeAsync(db, topic, cancel);
                if (lease is not null)
                {
                    await FollowAsync(topic, views, cancel);
                }
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (SlipwayException failure) when (failure.Kind == ErrorKind.Conflict)
            {
                LogReplaced(topic, failure.Message);
                continue;
            }
            catch (Exception failure) when (failure is SlipwayException or DbException)
            {
                LogFailed(failure, topic);
            }

            await PauseAsync(cancel);
        }
    }

    private async Task FollowAsync(string topic, IReadOnlyList<WindowedView> views, CancellationToken cancel)
    {
        var stream = await TopicStream.OpenAsync(topic, views, db, log, store, options, time, cancel);
        while (true)
        {
            var appended = log.NextAppend();
            int read;
            try
            {
                read = await stream.StepAsync(CancellationToken.None);
                if (read < 0)
                {
                    await IdleAsync(appended, cancel);
                    continue;
                }

                cancel.ThrowIfCancellationRequested();
            }
            catch (OperationCanceledException)
            {
                await stream.SnapshotAsync(CancellationToken.None);
                throw;
            }

            Events.Add(read, new KeyValuePair<string, object?>("topic", topic));
            signals.Committed.Beat();
        }
    }

    /// <summary>On SQLite nobody else appends; on PostgreSQL other servers do, unheard.</summary>
    private Task IdleAsync(Task appended, CancellationToken cancel) => db.Engine == DbEngine.Sqlite
        ? appended.WaitAsync(cancel)
        : Task.WhenAny(appended, Task.Delay(options.Poll, time, cancel)).Unwrap().WaitAsync(cancel);

    private Task PauseAsync(CancellationToken cancel) =>
        Task.Delay(options.Poll, time, cancel).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    [LoggerMessage(9001, LogLevel.Error, "Topic {Topic} stands still; it will be tried again")]
    private partial void LogFailed(Exception failure, string topic);

    [LoggerMessage(9002, LogLevel.Information, "Topic {Topic} is read again from the database: {Reason}")]
    private partial void LogReplaced(string topic, string reason);
}
