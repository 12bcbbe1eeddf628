using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Inference;

namespace Slipway.Platform.Serving;

/// <summary>What an endpoint takes and gives as tensors.</summary>
/// <param name="Name">The endpoint's.</param>
/// <param name="Versions">All that answer, the described one first.</param>
/// <param name="Features">Names of the columns of its matrix; empty for a model of another form.</param>
/// <param name="MaxRows">The longest first dimension that a request may have; null where only the body's size bounds it.</param>
public sealed record TensorModel(
    string Name, IReadOnlyList<string> Versions, IReadOnlyList<TensorSpec> Inputs, IReadOnlyList<TensorSpec> Outputs,
    IReadOnlyList<string> Features, int? MaxRows);

/// <param name="Version">The version that answered; of the first row, where rows were drawn to several.</param>
/// <param name="Outputs">By name, in the model's order or in the one that was asked for.</param>
public sealed record TensorAnswer(string Name, string Version, OrderedDictionary<string, Tensor> Outputs);

/// <summary>Requests whose rows are tensors.</summary>
internal sealed class TensorPredictor(
    EndpointHost host, Admission admission, Predictor predictor, ServingMetrics metrics, TimeProvider time)
{
    private const string Label = "label";

    public TensorModel Describe(string name, string? version) => host.Read(name, endpoint =>
    {
        var model = version is null ? endpoint.Champion : endpoint.Models[endpoint.VariantOf(version)];
        var others = endpoint.Models.Select(other => other.Version).Where(other => other != model.Version);
        return new TensorModel(
            name, [model.Version, .. others], model.Onnx.Inputs, model.Onnx.Outputs, model.Names, IsMatrix(endpoint) ? PredictRequest.MaxRows : null);
    });

    public async Task<TensorAnswer> InferAsync(
        string name, string? version, IReadOnlyDictionary<string, Tensor> inputs, IReadOnlyList<string> outputs, string? id,
        InferOptions options, CancellationToken cancel)
    {
        var endpoint = host.Enter(name);
        try
        {
            var drawn = version is null
                ? endpoint.Split.Pick(id ?? Guid.CreateVersion7(time.GetUtcNow()).ToString("N"))
                : endpoint.VariantOf(version);
            var model = endpoint.Models[drawn];
            CheckSizes(inputs);
            model.Onnx.Check(inputs, outputs, name);
            return IsMatrix(endpoint)
                ? await PredictAsync(endpoint, version, inputs.Values.First(), outputs, options, cancel)
                : await RunAsync(endpoint.Endpoint, model, inputs, outputs, options, cancel);
        }
        finally
        {
            endpoint.Leave();
        }
    }

    /// <summary>Beside a dimension of 0, others may have any size and cost nothing; whoever counts rows counts in 32 bits.</summary>
    private static void CheckSizes(IReadOnlyDictionary<string, Tensor> inputs)
    {
        foreach (var (name, tensor) in inputs)
        {
            if (tensor.Shape.ContainsAnyExceptInRange(0, Array.MaxLength))
            {
                throw new SlipwayException(
                    ErrorKind.TooLarge, $"A dimension of a tensor is at most {Array.MaxLength}; input '{name}' has the shape {TensorShape.Text(tensor.Shape)}.");
            }
        }
    }

    /// <summary>A file's own outputs may mean anything; those of an endpoint are label and probability.</summary>
    private static bool IsMatrix(EndpointSnapshot endpoint) => !endpoint.IsLocal && endpoint.Models.All(model =>
        model.Onnx.Scorer is not null && model.Onnx.Outputs.All(o => o.Name is OnnxScorer.Probability
            || (o.Name == Label && o.Type == TensorType.Int64 && o.Shape.Count is 1 or 2)));

    private async Task<TensorAnswer> PredictAsync(
        EndpointSnapshot endpoint, string? version, Tensor matrix, IReadOnlyList<string> outputs, InferOptions options,
        CancellationToken cancel)
    {
        var rows = (int)matrix.Shape[0];
        if (rows > PredictRequest.MaxRows)
        {
            throw new SlipwayException(
                ErrorKind.TooLarge, $"inference request batch-size must be <= {PredictRequest.MaxRows} for '{endpoint.Endpoint.Name}'; got {rows}");
        }

        var request = new PredictRequest((float[])matrix.Buffer, rows) { Version = version, Options = options };
        var answer = await predictor.PredictAsync(endpoint.Endpoint.Name, request, cancel);
        var named = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var output in outputs.Count > 0 ? outputs.Distinct() : endpoint.Champion.Onnx.Outputs.Select(o => o.Name))
        {
            var spec = endpoint.Champion.Onnx.Outputs.First(o => o.Name == output);
            var shape = spec.Shape.Count == 1 ? (long[])[rows] : [rows, 1];
            named.Add(output, output == Label
                ? Tensor.Of((long[])[.. answer.Predictions.Select(p => p.Label ? 1L : 0L)], shape)
                : Tensor.Of((float[])[.. answer.Predictions.Select(p => p.Probability)], shape));
        }

        return new TensorAnswer(endpoint.Endpoint.Name, answer.Predictions[0].Version, named);
    }

    private async Task<TensorAnswer> RunAsync(
        Endpoint endpoint, ServedModel model, IReadOnlyDictionary<string, Tensor> inputs, IReadOnlyList<string> outputs,
        InferOptions options, CancellationToken cancel)
    {
        var name = endpoint.Name;
        var started = time.GetTimestamp();
        try
        {
            using var slot = admission.Enter(endpoint, options.Caller);
            var answer = await model.Onnx.RunAsync(inputs, outputs, options.At(endpoint.Options), cancel);
            var first = inputs.Values.First();
            metrics.Answered(name, first.Shape.Length == 0 ? 1 : (int)first.Shape[0], time.GetElapsedTime(started));
            return new TensorAnswer(name, model.Version, answer);
        }
        catch (SlipwayException failure)
        {
            metrics.Refused(name, failure);
            throw;
        }
    }
}
