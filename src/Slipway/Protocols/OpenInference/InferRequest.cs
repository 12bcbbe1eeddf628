using Slipway.Core.Tensors;

namespace Slipway.Protocols.OpenInference;

/// <param name="Id">Echoed in the answer; null when the request has none.</param>
/// <param name="Inputs">In the order of the request.</param>
/// <param name="Outputs">Names of the outputs wanted; empty for all.</param>
internal sealed record InferRequest(string? Id, OrderedDictionary<string, Tensor> Inputs, IReadOnlyList<string> Outputs);
