using Microsoft.ML.Data;
using Microsoft.ML.Trainers.FastTree;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;

namespace Slipway.Platform.Pipelines.Trainers;

/// <summary>How much one feature contributes to a model.</summary>
/// <param name="Share">Trees: its share of the gain of all splits; logistic regression: of the absolute coefficients of the
/// standardised features. All shares sum to 1, or are all 0 when the model uses no feature.</param>
public sealed record FeatureImportance(string Feature, double Share);

/// <summary>A trained binary classifier, in memory; <see cref="ToOnnx"/> is the form that outlives the process.</summary>
public sealed class TrainedModel
{
    private readonly FittedModel fitted;

    internal TrainedModel(string algorithm, string? notice, IReadOnlyList<ColumnSchema> inputs, FittedModel fitted)
    {
        this.fitted = fitted;
        Algorithm = algorithm;
        Notice = notice;
        Features = [.. inputs.Select(input => input.Name)];
        Signature = new ModelSignature(
            inputs, [new("label", DataType.Int64, false), new("probability", DataType.Float32, false)]);
        var sum = fitted.Weights.Sum();
        Importance = [.. Features.Zip(fitted.Weights, (name, weight) => new FeatureImportance(name, sum > 0 ? weight / sum : 0))
            .OrderByDescending(importance => importance.Share)];
    }

    /// <summary>The algorithm that trained it, which is not the one asked for when <see cref="Notice"/> says so.</summary>
    public string Algorithm { get; }

    /// <summary>What whoever reads the run should know, such as a fall-back; null when all went as asked.</summary>
    public string? Notice { get; }

    /// <summary>In the order of the model's input columns.</summary>
    public IReadOnlyList<string> Features { get; }

    public ModelSignature Signature { get; }

    /// <summary>All features, the most important first.</summary>
    public IReadOnlyList<FeatureImportance> Importance { get; }

    internal IReadOnlyList<RegressionTree> Trees => fitted.Trees;

    /// <summary>The probability of the positive class per row, by ML.NET itself: what the ONNX file is checked against.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the table lacks a feature.</exception>
    public double[] Score(Table table) => Predict(table).Probabilities;

    /// <summary>Probabilities and the labels ML.NET gives (score &gt; 0, which is probability &gt; ½), per row.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the table lacks a feature.</exception>
    public (double[] Probabilities, bool[] Labels) Predict(Table table) => Predict(FeatureMatrix.From(table, Features));

    internal (double[] Probabilities, bool[] Labels) Predict(FeatureMatrix rows)
    {
        var scored = fitted.Transformer.Transform(new RowsView(rows, null, fitted.MissingAs, CancellationToken.None));
        var probabilityColumn = scored.Schema["Probability"];
        var labelColumn = scored.Schema["PredictedLabel"];
        using var cursor = scored.GetRowCursor([probabilityColumn, labelColumn]);
        var readProbability = cursor.GetGetter<float>(probabilityColumn);
        var readLabel = cursor.GetGetter<bool>(labelColumn);
        var probabilities = new double[rows.Rows];
        var labels = new bool[rows.Rows];
        for (var row = 0; cursor.MoveNext(); row++)
        {
            var probability = 0f;
            readProbability(ref probability);
            probabilities[row] = probability;
            readLabel(ref labels[row]);
        }

        return (probabilities, labels);
    }

    /// <summary>
    /// The model as an ONNX file: input <c>features</c> FP32 [N, features], where NaN is a missing value; outputs
    /// <c>label</c> INT64 [N] and <c>probability</c> FP32 [N], that of the positive class. The metadata entry <c>features</c>
    /// holds the names in order, as JSON. The same model gives the same bytes.
    /// </summary>
    public byte[] ToOnnx() => fitted.Onnx();
}
