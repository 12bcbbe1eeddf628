using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;

namespace Slipway.Platform.Serving.Predictions;

/// <summary>Deletes what is older than the retention, every night, in pieces that keep no writer waiting for long.</summary>
internal sealed class Retention(Db db, ScheduleService schedules, PredictionLogOptions options, TimeProvider time)
{
    public const string JobKind = "serving.retention";

    private const string Schedule = "serving-retention";
    private const int PieceRows = 10_000;

    /// <summary>Makes the schedule what the options say, also when they said otherwise before.</summary>
    public async Task ScheduleAsync(CancellationToken cancel)
    {
        if (options.RetentionDays is { } days)
        {
            await schedules.PutAsync(Schedule, "17 3 * * *", "UTC", JobKind, new RetentionOrder(days), cancel);
        }
        else if ((await schedules.ListAsync(cancel)).Exists(s => s.Name == Schedule))
        {
            await schedules.DeleteAsync(Schedule, cancel);
        }
    }

    public async Task<string?> RunAsync(Job job, CancellationToken cancel)
    {
        var order = Json.Read<RetentionOrder>(job.Payload);
        return Json.Write(new { deleted = await DeleteAsync(time.GetUtcNow().AddDays(-order.Days), cancel) });
    }

    /// <returns>How many predictions, failures and outcomes were deleted.</returns>
    public async Task<long> DeleteAsync(DateTimeOffset before, CancellationToken cancel)
    {
        var count = 0L;
        foreach (var (table, id, age) in ((string, string, string)[])[
            ("predictions", "id", "created_ms"),
            ("prediction_failures", "id", "created_ms"),
            ("outcomes", "prediction_id", "received_ms"),
            ("uncounted_outcomes", "prediction_id", "received_ms"),
        ])
        {
            int deleted;
            do
            {
                deleted = await db.ExecuteAsync(
                    $"delete from {table} where {id} in (select {id} from {table} where {age} < @before limit {PieceRows})",
                    c => c.With("before", before.ToUnixTimeMilliseconds()),
                    cancel);
                count += deleted;
            }
            while (deleted == PieceRows);
        }

        return count;
    }

    private sealed record RetentionOrder(int Days);
}
