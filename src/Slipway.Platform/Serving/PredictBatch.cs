using System.Runtime.InteropServices;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Serving.Predictions;

namespace Slipway.Platform.Serving;

/// <summary>The rows of one request on their way: their ids and keys, which variant each is drawn to, answers and log.</summary>
internal sealed class PredictBatch
{
    private readonly EndpointSnapshot endpoint;
    private readonly PredictRequest request;
    private readonly DateTimeOffset now;
    private readonly string[] ids;
    private readonly Prediction[] answers;
    private readonly LoggedPrediction[] logged;
    private readonly List<FailedPrediction> failures = [];

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> or <see cref="ErrorKind.TooLarge"/> naming the limit.</exception>
    public PredictBatch(EndpointSnapshot endpoint, PredictRequest request, DateTimeOffset now)
    {
        Check(request);
        this.endpoint = endpoint;
        this.request = request;
        this.now = now;
        ids = new string[request.Count];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = request.Ids?[i] ?? Guid.CreateVersion7(now).ToString("N");
        }

        answers = new Prediction[ids.Length];
        logged = new LoggedPrediction[ids.Length];
    }

    public IReadOnlyList<Prediction> Answers => answers;

    public bool HasFailures => failures.Count > 0;

    /// <summary>Variants and their rows; null stands for all rows.</summary>
    public IEnumerable<(int Variant, VariantRole Role, int[]? Rows)> Arms()
    {
        if (request.Version is { } version)
        {
            return [(endpoint.VariantOf(version), VariantRole.Pinned, null)];
        }

        if (endpoint.Split.IsWhole)
        {
            return [(endpoint.Split.Pick(""), VariantRole.Champion, null)];
        }

        return Enumerable.Range(0, ids.Length)
            .GroupBy(row => endpoint.Split.Pick(request.Keys?[row] ?? ids[row]))
            .Select(arm => (arm.Key, endpoint.Endpoint.Variants[arm.Key].Role, (int[]?)[.. arm]));
    }

    /// <summary>Keeps the scores of an arm.</summary>
    /// <param name="matrix">What the model saw, shape [rows, features].</param>
    /// <returns>The rows, by their place in the request, whose score is not a probability.</returns>
    public int[] Accept(ServedModel model, VariantRole role, int[]? rows, ReadOnlySpan<float> matrix, ReadOnlySpan<float> probabilities)
    {
        var width = model.Inputs.Count;
        var bad = new List<int>();
        for (var i = 0; i < probabilities.Length; i++)
        {
            var row = rows?[i] ?? i;
            if (probabilities[i] is >= 0 and <= 1)
            {
                Accept(model, role, row, matrix.Slice(i * width, width), probabilities[i]);
            }
            else
            {
                bad.Add(row);
            }
        }

        return [.. bad];
    }

    public void Fail(ServedModel model, VariantRole role, int[] rows, string reason)
    {
        foreach (var row in rows)
        {
            failures.Add(new FailedPrediction(ids[row], model.Version, role, now.ToUnixTimeMilliseconds(), reason, request.Keys?[row]));
        }
    }

    public LogEntry ToLog(TimeSpan took)
    {
        foreach (ref var row in logged.AsSpan())
        {
            row = row with { LatencyUs = (long)took.TotalMicroseconds };
        }

        return Log(logged);
    }

    /// <summary>What is kept of a request that is not answered.</summary>
    public LogEntry FailuresToLog() => Log([]);

    private LogEntry Log(LoggedPrediction[] rows) =>
        new(endpoint.Endpoint.Name, endpoint.Endpoint.Revision, rows, failures, endpoint.Endpoint.Rollout is not null);

    private void Accept(ServedModel model, VariantRole role, int row, ReadOnlySpan<float> features, float probability)
    {
        var label = probability > endpoint.Endpoint.Options.Threshold;
        answers[row] = new Prediction(ids[row], model.Version, label, probability);
        logged[row] = new LoggedPrediction(
            ids[row], model.Version, role, request.EventTimesUs?[row] ?? Microseconds.From(now), now.ToUnixTimeMilliseconds(), probability, label,
            MemoryMarshal.AsBytes(features).ToArray(), 0, request.Keys?[row]);
    }

    private static void Check(PredictRequest request)
    {
        if (request.Count is 0 or > PredictRequest.MaxRows)
        {
            throw new SlipwayException(
                request.Count == 0 ? ErrorKind.Invalid : ErrorKind.TooLarge,
                $"A request holds 1 to {PredictRequest.MaxRows} rows; got {request.Count}.");
        }

        CheckLength("ids", request.Ids?.Count, request.Count);
        CheckLength("keys", request.Keys?.Count, request.Count);
        CheckLength("event times", request.EventTimesUs?.Count, request.Count);
        foreach (var id in request.Ids ?? [])
        {
            CheckText("A prediction id", id);
        }

        foreach (var key in request.Keys ?? [])
        {
            CheckText("A routing key", key);
        }
    }

    private static void CheckText(string what, string? value)
    {
        if (value is not null)
        {
            Limit.Name(what, value, PredictRequest.MaxKeyLength);
        }
    }

    private static void CheckLength(string what, int? length, int rows)
    {
        if (length is { } given && given != rows)
        {
            throw SlipwayException.Invalid($"The request has {given} {what} for {rows} rows.");
        }
    }
}
