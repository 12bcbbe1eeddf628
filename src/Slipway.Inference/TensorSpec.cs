using Slipway.Core.Tensors;

namespace Slipway.Inference;

/// <summary>One input or output of a model.</summary>
/// <param name="Shape">-1 where the caller or the data decides; empty also where the model declares no shape.</param>
public sealed record TensorSpec(string Name, TensorType Type, IReadOnlyList<long> Shape);
