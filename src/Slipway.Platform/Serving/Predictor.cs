using Microsoft.Extensions.Logging;
using Slipway.Core.Errors;
using Slipway.Inference;
using Slipway.Platform.Serving.Predictions;

namespace Slipway.Platform.Serving;

/// <summary>One request through an endpoint: draw the versions, look features up, score, log, answer.</summary>
internal sealed partial class Predictor(
    EndpointHost host, Admission admission, PredictionLog predictions, ServingMetrics metrics, TimeProvider time, ILogger<Predictor> log, FeatureLookup? lookup = null)
{
    /// <summary>Whether this server can look features up.</summary>
    public bool HasLookup => lookup is not null;

    public async Task<PredictResponse> PredictAsync(string name, PredictRequest request, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        try
        {
            var endpoint = host.Enter(name);
            try
            {
                using var slot = admission.Enter(endpoint.Endpoint, request.Options.Caller);
                var answer = await AnswerAsync(endpoint, request, started, cancel);
                metrics.Answered(name, answer.Predictions.Count, time.GetElapsedTime(started));
                return answer;
            }
            finally
            {
                endpoint.Leave();
            }
        }
        catch (Exception failure)
        {
            metrics.Refused(name, failure);
            throw;
        }
    }

    private async Task<PredictResponse> AnswerAsync(
        EndpointSnapshot endpoint, PredictRequest request, long started, CancellationToken cancel)
    {
        var name = endpoint.Endpoint.Name;
        var batch = new PredictBatch(endpoint, request, time.GetUtcNow());
        if (endpoint.Champion.Onnx.Scorer is null)
        {
            throw new SlipwayException(
                ErrorKind.Unsupported, $"The model of endpoint '{name}' takes tensors, not rows of features; use the Open Inference Protocol.");
        }

        var options = request.Options.At(endpoint.Endpoint.Options);
        var rows = new RequestFeatures(endpoint, request, lookup);
        try
        {
            foreach (var (variant, role, picked) in batch.Arms())
            {
                await ScoreAsync(endpoint, batch, rows, endpoint.Models[variant], role, picked, options, cancel);
            }
        }
        catch when (batch.HasFailures)
        {
            predictions.Write(batch.FailuresToLog());
            throw;
        }

        var entry = batch.ToLog(time.GetElapsedTime(started));
        if (endpoint.Endpoint.Options.Log == LogMode.Durable)
        {
            await predictions.WriteDurablyAsync(entry, cancel);
        }
        else
        {
            predictions.Write(entry);
        }

        return new PredictResponse(name, endpoint.Endpoint.Model, batch.Answers);
    }

    private async Task ScoreAsync(
        EndpointSnapshot endpoint, PredictBatch batch, RequestFeatures rows, ServedModel model, VariantRole role, int[]? picked,
        CallOptions options, CancellationToken cancel)
    {
        int[] failed;
        var reason = "it gave a score that is not a probability";
        try
        {
            var matrix = (await rows.OfAsync(model, cancel)).For(model, picked);
            var probabilities = new float[picked?.Length ?? batch.Answers.Count];
            await model.Onnx.ScoreAsync(matrix, probabilities.Length, probabilities, options, cancel);
            failed = batch.Accept(model, role, picked, matrix.Span, probabilities);
        }
        catch (Exception failure) when (IsFaultOfModel(failure, role))
        {
            (failed, reason) = (picked ?? [.. Enumerable.Range(0, batch.Answers.Count)], failure.Message);
        }

        if (failed.Length == 0)
        {
            return;
        }

        if (role == VariantRole.Challenger)
        {
            // First the champion: a row that it refuses too is the caller's fault and no evidence against the challenger.
            await ScoreAsync(endpoint, batch, rows, endpoint.Champion, VariantRole.Fallback, failed, options, cancel);
        }

        batch.Fail(model, role, failed, reason);
        metrics.Failed(endpoint.Endpoint.Name, model.Version, failed.Length);
        LogFailed(endpoint.Endpoint.Name, model.Version, failed.Length, reason);
        if (role != VariantRole.Challenger)
        {
            throw new SlipwayException(
                ErrorKind.Unavailable, $"Version {model.Version} of endpoint '{endpoint.Endpoint.Name}' cannot score row {failed[0]}: {reason}.");
        }
    }

    /// <summary>A full queue and a caller that left say nothing about the model. A challenger answers for its signature too: what
    /// the champion can take and it cannot is its failure.</summary>
    private static bool IsFaultOfModel(Exception failure, VariantRole role) => failure switch
    {
        OperationCanceledException or SlipwayException { Kind: ErrorKind.Unavailable } => false,
        SlipwayException => role == VariantRole.Challenger,
        _ => true,
    };

    [LoggerMessage(4020, LogLevel.Warning, "Version {Version} of endpoint {Endpoint} failed on {Rows} rows: {Reason}")]
    private partial void LogFailed(string endpoint, string version, int rows, string reason);
}
