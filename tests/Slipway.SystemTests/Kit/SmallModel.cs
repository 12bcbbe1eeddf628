using Slipway.Core.Data;
using Slipway.Platform.Pipelines.Trainers;

namespace Slipway.SystemTests.Kit;

/// <summary>A model of two features, trained in a moment.</summary>
public static class SmallModel
{
    private static readonly double[] Heights = [1, 2, 3, 4, 5, 6, 7, 8];
    private static readonly double[] Widths = [3, 1, 4, 1, 5, 9, 2, 6];

    /// <summary>The rows that it was trained on, without the label.</summary>
    public static Table Rows { get; } = new([Column.Float64("height", Heights), Column.Float64("width", Widths)]);

    public static TrainedModel Train() => new BinaryTrainer().Train(
        new Table([.. Rows.Columns, Column.Bool("tall", [.. Heights.Select(h => h > 4)])]),
        ["height", "width"], "tall", new TrainerOptions { Algorithm = TrainerOptions.LogisticRegression }, TestContext.Current.CancellationToken);
}
