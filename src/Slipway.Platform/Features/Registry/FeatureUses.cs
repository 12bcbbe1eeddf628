using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Registry;

/// <summary>
/// Who has read which features online, by the day: noted in memory by every read, written once a minute and at the end. What models are
/// given through endpoints is not among it; that is known from the models.
/// </summary>
public sealed partial class FeatureUses(Db db, TimeProvider time, ILogger<FeatureUses> log) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<FeatureUse, int> noted = new();
    private readonly ConcurrentDictionary<FeatureUse, int> unwritten = new();

    /// <summary>Costs a look-up per feature when the reader has read it before on this day.</summary>
    public void Note(Actor reader, ServicePlan plan)
    {
        foreach (var (view, feature) in plan.Taken)
        {
            Note(reader, view, feature);
        }
    }

    /// <inheritdoc cref="Note(Actor, ServicePlan)"/>
    public void Note(Actor reader, string view, string feature)
    {
        var (use, today) = (new FeatureUse(view, feature, reader.Name), Today);
        if (!noted.TryGetValue(use, out var day) || day != today)
        {
            noted[use] = unwritten[use] = today;
        }
    }

    /// <summary>The last day on which each reader read each feature, with what is not written yet.</summary>
    internal async Task<IReadOnlyDictionary<FeatureUse, DateOnly>> ReadAsync(CancellationToken cancel)
    {
        var uses = (await db.ReadAsync(session => FeatureUseStore.ListAsync(session, cancel), cancel)).ToDictionary(use => use.Use, use => use.Day);
        foreach (var (use, day) in unwritten)
        {
            uses[use] = day;
        }

        return uses.ToDictionary(use => use.Key, use => DateOnly.FromDayNumber(use.Value));
    }

    /// <summary>Whether a feature that was last read on this day counts as used.</summary>
    internal bool IsRecent(DateOnly day) => Today - day.DayNumber <= 30;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await WriteAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await WriteAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is left is written by StopAsync.
        }
    }

    private int Today => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).DayNumber;

    private async Task WriteAsync(CancellationToken cancel)
    {
        var uses = unwritten.ToArray();
        if (uses.Length == 0)
        {
            return;
        }

        try
        {
            await db.WriteAsync(
                async session =>
                {
                    // Always in one order: servers that write the same uses at the same time do not wait for one another in a ring.
                    foreach (var (use, day) in uses.OrderBy(use => use.Key.ToString(), StringComparer.Ordinal))
                    {
                        await FeatureUseStore.PutAsync(session, use, day, cancel);
                    }
                },
                cancel);
        }
        catch (SlipwayException failure) when (failure.Kind == ErrorKind.Unavailable)
        {
            // They stay noted for the next time.
            LogUnwritten(uses.Length, failure.Message);
            return;
        }

        foreach (var written in uses)
        {
            unwritten.TryRemove(written);
        }
    }

    [LoggerMessage(3050, LogLevel.Warning, "That {Uses} features were read could not be written: {Reason}")]
    private partial void LogUnwritten(int uses, string reason);
}

internal readonly record struct FeatureUse(string View, string Feature, string Reader);
