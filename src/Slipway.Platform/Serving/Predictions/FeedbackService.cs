using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Serving.Rollouts;

namespace Slipway.Platform.Serving.Predictions;

/// <summary>Takes what happened after predictions, in any order and as often as it is sent.</summary>
public sealed class FeedbackService
{
    public const int MaxOutcomes = 10_000;

    // So many ids are named in an error.
    private const int Named = 3;

    private readonly Db db;
    private readonly RolloutService rollouts;
    private readonly FeedbackAccess doors;
    private readonly TimeProvider time;

    internal FeedbackService(Db db, RolloutService rollouts, FeedbackAccess doors, TimeProvider time)
    {
        this.db = db;
        this.rollouts = rollouts;
        this.doors = doors;
        this.time = time;
    }

    /// <summary>The same for an actor, who may record the outcomes of predictions that they may ask for; restating them takes a
    /// contributor.</summary>
    /// <exception cref="SlipwayException">Also <see cref="ErrorKind.Forbidden"/>, or NotFound for a prediction that is not in the log
    /// yet or of a model that the actor may not ask.</exception>
    public Task<FeedbackReceipt> RecordAsync(Actor actor, IReadOnlyList<Outcome> outcomes, bool replace, CancellationToken cancel)
    {
        var distinct = Distinct(outcomes);
        return db.WriteAsync(
            async session =>
            {
                await doors.RequireAsync(session, actor, distinct, replace, cancel);
                return await RecordAsync(session, distinct, outcomes.Count - distinct.Length, replace, cancel);
            },
            cancel);
    }

    /// <summary>Records all of the outcomes or, when it throws, none. The same outcome twice is one.</summary>
    /// <param name="replace">Whether another value than the recorded one restates it instead of being refused.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/> naming predictions whose recorded value differs;
    /// <see cref="ErrorKind.Invalid"/> for a value that is not finite or an id given twice with two values.</exception>
    public Task<FeedbackReceipt> RecordAsync(IReadOnlyList<Outcome> outcomes, bool replace, CancellationToken cancel)
    {
        var distinct = Distinct(outcomes);
        return db.WriteAsync(session => RecordAsync(session, distinct, outcomes.Count - distinct.Length, replace, cancel), cancel);
    }

    private async Task<FeedbackReceipt> RecordAsync(
        DbSession session, Outcome[] outcomes, int repeated, bool replace, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var added = await OutcomeStore.InsertAsync(session, outcomes, now, cancel);

        // Read after the insert: on PostgreSQL it has waited for whoever recorded the same ids at this moment.
        var stored = added.Count == outcomes.Length ? [] : await OutcomeStore.ValuesAsync(session, outcomes, cancel);
        Outcome[] different = [.. outcomes.Where(o => !added.Contains(o.PredictionId) && stored[o.PredictionId] != o.Value)];
        if (different.Length > 0 && !replace)
        {
            var named = different.Take(Named).Select(o => $"'{o.PredictionId}' ({stored[o.PredictionId]}, now {o.Value})");
            throw SlipwayException.Conflict(
                $"{different.Length} outcomes differ from the recorded ones, such as {string.Join(", ", named)}; nothing was recorded. "
                + "Send replace to restate them.");
        }

        await OutcomeStore.ReplaceAsync(session, different, now, cancel);
        await rollouts.OnOutcomesAsync(session, added, now, cancel);
        var unmatched = outcomes.Length - await OutcomeStore.MatchedAsync(session, outcomes, cancel);
        return new FeedbackReceipt(
            added.Count, outcomes.Length - added.Count - different.Length + repeated, different.Length, unmatched);
    }

    /// <summary>Each prediction's outcome once, by id: callers with the same outcomes wait for each other in one order, not in a circle.</summary>
    private static Outcome[] Distinct(IReadOnlyList<Outcome> outcomes)
    {
        if (outcomes.Count > MaxOutcomes)
        {
            throw new SlipwayException(ErrorKind.TooLarge, $"A request takes at most {MaxOutcomes} outcomes; got {outcomes.Count}.");
        }

        var byId = new Dictionary<string, Outcome>(outcomes.Count, StringComparer.Ordinal);
        foreach (var outcome in outcomes)
        {
            Limit.Name("A prediction id", outcome.PredictionId, PredictRequest.MaxKeyLength);
            if (!double.IsFinite(outcome.Value))
            {
                throw SlipwayException.Invalid($"The outcome of prediction '{outcome.PredictionId}' is {outcome.Value}, not a finite number.");
            }

            if (!byId.TryAdd(outcome.PredictionId, outcome) && byId[outcome.PredictionId].Value != outcome.Value)
            {
                throw SlipwayException.Invalid($"Prediction '{outcome.PredictionId}' is given two outcomes in one request.");
            }
        }

        return [.. byId.Values.OrderBy(outcome => outcome.PredictionId, StringComparer.Ordinal)];
    }
}
