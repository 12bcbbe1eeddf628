using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Serving.Predictions;

/// <summary>Reads the prediction log for those who judge models by it.</summary>
public sealed class PredictionReader(Db db)
{
    /// <summary>The endpoint's predictions whose event time is in [from, to), each with its outcome where that is known.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the span is not in order.</exception>
    public async Task<PredictionWindow> WindowAsync(string endpoint, long fromUs, long toUs, CancellationToken cancel)
    {
        if (fromUs > toUs)
        {
            throw SlipwayException.Invalid($"A window begins before it ends; got {fromUs} to {toUs} microseconds.");
        }

        var window = new PredictionWindow();
        await db.QueryAsync(
            """
            select p.id, p.model_version, p.role, p.event_time_us, p.score, p.label, p.features, o.value, p.latency_us
            from predictions p left join outcomes o on o.prediction_id = p.id
            where p.endpoint = @endpoint and p.event_time_us >= @from and p.event_time_us < @to
            order by p.event_time_us
            """,
            c => c.With("endpoint", endpoint).With("from", fromUs).With("to", toUs),
            row =>
            {
                window.Add(
                    row.GetString(0), row.GetString(1), PredictionStore.RoleOf(row.GetString(2)), row.GetInt64(3), row.GetDouble(4),
                    row.GetBoolean(5), row.GetFieldValue<byte[]>(6), row.Number(7), row.GetInt64(8));
                return true;
            },
            cancel);
        return window;
    }

    /// <summary>What the log holds of an endpoint; zeros for one it does not know.</summary>
    public async Task<PredictionCounts> CountsAsync(string endpoint, CancellationToken cancel)
    {
        var counts = await db.FirstAsync(
            """
            select count(*), count(o.prediction_id), min(p.event_time_us), max(p.event_time_us),
              (select count(*) from prediction_failures f where f.endpoint = @endpoint)
            from predictions p left join outcomes o on o.prediction_id = p.id
            where p.endpoint = @endpoint
            """,
            c => c.With("endpoint", endpoint),
            row => new PredictionCounts(row.GetInt64(0), row.GetInt64(1), row.GetInt64(4), row.Long(2), row.Long(3)),
            cancel);
        return counts ?? new PredictionCounts(0, 0, 0, null, null);
    }
}
