using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Registry;

/// <summary>
/// Who has read which features online, by the day: noted by every read, written behind. What models are given through endpoints is not
/// among it; that is known from the models.
/// </summary>
public sealed partial class FeatureUses : BackgroundService
{
    private readonly Db db;
    private readonly TimeProvider time;
    private readonly ILogger<FeatureUses> log;
    private readonly WriteBehind<FeatureUse, int> uses;
    private readonly ConcurrentDictionary<FeatureUse, int> seen = new();
    private readonly ConditionalWeakTable<ServicePlan, ConcurrentDictionary<string, int>> plans = [];

    public FeatureUses(Db db, TimeProvider time, ILogger<FeatureUses> log)
    {
        (this.db, this.time, this.log) = (db, time, log);
        uses = new(db, time, FeatureUseStore.PutAsync, LogUnwritten);
    }

    /// <summary>Costs one look-up when the reader has read by this plan before on this day.</summary>
    public void Note(Actor reader, ServicePlan plan)
    {
        var readers = plans.GetValue(plan, _ => new(StringComparer.Ordinal));
        if (readers.TryGetValue(reader.Name, out var day) && day == Today)
        {
            return;
        }

        foreach (var (view, feature) in plan.Taken)
        {
            Note(reader, view, feature);
        }

        readers[reader.Name] = Today;
    }

    /// <summary>Costs a look-up when the reader has read the feature before on this day.</summary>
    public void Note(Actor reader, string view, string feature)
    {
        var (use, today) = (new FeatureUse(view, feature, reader.Name), Today);
        if (!seen.TryGetValue(use, out var day) || day != today)
        {
            seen[use] = today;
            uses.Note(use, today);
        }
    }

    /// <summary>The last day on which each reader read each feature, with what is not written yet.</summary>
    internal async Task<IReadOnlyDictionary<FeatureUse, DateOnly>> ReadAsync(CancellationToken cancel)
    {
        var days = (await db.ReadAsync(session => FeatureUseStore.ListAsync(session, cancel), cancel)).ToDictionary(use => use.Use, use => use.Day);
        foreach (var (use, day) in uses.Noted)
        {
            days[use] = day;
        }

        return days.ToDictionary(use => use.Key, use => DateOnly.FromDayNumber(use.Value));
    }

    /// <summary>Whether a feature that was last read on this day counts as used.</summary>
    internal bool IsRecent(DateOnly day) => Today - day.DayNumber <= 30;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await uses.WriteAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => uses.RunAsync(stoppingToken);

    private int Today => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).DayNumber;

    [LoggerMessage(3050, LogLevel.Warning, "That {Uses} features were read could not be written: {Reason}")]
    private partial void LogUnwritten(int uses, string reason);
}

internal readonly record struct FeatureUse(string View, string Feature, string Reader);
