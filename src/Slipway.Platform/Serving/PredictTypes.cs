using Slipway.Core.Data;

namespace Slipway.Platform.Serving;

/// <summary>Rows to predict, at most <see cref="MaxRows"/>.</summary>
public sealed record PredictRequest
{
    public const int MaxRows = 10_000;

    /// <summary>Longest prediction id or routing key, in characters.</summary>
    public const int MaxKeyLength = 256;

    /// <param name="rows">Join keys and request data, or the features themselves, as columns by name; a missing value is null.</param>
    public PredictRequest(Table rows)
    {
        Rows = rows;
        Count = rows.Rows;
    }

    /// <param name="matrix">The features themselves: row-major, shape [count, features], in the order of the champion's
    /// signature; a missing value is NaN.</param>
    public PredictRequest(ReadOnlyMemory<float> matrix, int count)
    {
        Matrix = matrix;
        Count = count;
    }

    /// <summary>Null when the request is a matrix.</summary>
    public Table? Rows { get; }

    public ReadOnlyMemory<float> Matrix { get; }

    public int Count { get; }

    /// <summary>One id per row, by which its outcome is reported later; a missing one is made. The same id again is logged once.</summary>
    public IReadOnlyList<string?>? Ids { get; init; }

    /// <summary>One key per row: the same key gets the same version. The id where there is none.</summary>
    public IReadOnlyList<string?>? Keys { get; init; }

    /// <summary>When each row happened, microseconds since the epoch; now unless a replay says otherwise.</summary>
    public IReadOnlyList<long>? EventTimesUs { get; init; }

    /// <summary>Asks this variant of the endpoint and no other; null lets the traffic split decide.</summary>
    public string? Version { get; init; }

    public InferOptions Options { get; init; } = InferOptions.Default;
}

/// <param name="Version">The version that answered.</param>
/// <param name="Label">Whether the probability is above the endpoint's threshold.</param>
/// <param name="Probability">Of the positive class.</param>
public readonly record struct Prediction(string Id, string Version, bool Label, float Probability);

/// <param name="Predictions">One per row, in order.</param>
public sealed record PredictResponse(string Endpoint, string Model, IReadOnlyList<Prediction> Predictions);

/// <summary>
/// Looks up a feature service's features for rows that carry join keys and request data by name, and <c>event_timestamp</c> where
/// they happened at another time than now; a missing value is null.
/// The composition root binds it to the online feature store.
/// </summary>
/// <param name="featureService">A name, or the version that a model is pinned to, as <c>flight_delay@3</c>.</param>
public delegate Task<Table> FeatureLookup(string featureService, Table request, CancellationToken cancel);
