namespace Slipway.Core.Data;

/// <summary>
/// What a model takes and gives. Inputs are the features in the order of the model's input matrix; outputs are per row.
/// </summary>
public sealed record ModelSignature(IReadOnlyList<ColumnSchema> Inputs, IReadOnlyList<ColumnSchema> Outputs);
