using Slipway.Core.Tensors;

namespace Slipway.Client;

/// <param name="Outputs">By name, in the order of the answer.</param>
public sealed record InferAnswer(string Model, string Version, IReadOnlyDictionary<string, Tensor> Outputs);

/// <param name="Label">Whether the probability is above the endpoint's threshold.</param>
/// <param name="Probability">Of the positive class.</param>
public sealed record Prediction(string Id, string Version, bool Label, double Probability);

/// <param name="Predictions">One per row, in order.</param>
public sealed record PredictAnswer(string Endpoint, string Model, IReadOnlyList<Prediction> Predictions);
