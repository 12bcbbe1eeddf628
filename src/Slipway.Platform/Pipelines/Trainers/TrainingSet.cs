using Slipway.Core.Tensors;

namespace Slipway.Platform.Pipelines.Trainers;

/// <summary>Checked rows with their labels, one of each per row.</summary>
internal sealed record TrainingSet(FeatureMatrix Rows, bool[] Labels, CancellationToken Cancel)
{
    /// <inheritdoc cref="RowsView(FeatureMatrix, bool[], float, CancellationToken)"/>
    public RowsView View(float missingAs) => new(Rows, Labels, missingAs, Cancel);
}
