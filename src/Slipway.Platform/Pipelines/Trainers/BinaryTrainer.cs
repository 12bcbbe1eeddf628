using Microsoft.ML;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;

namespace Slipway.Platform.Pipelines.Trainers;

/// <summary>Trains a classifier of two classes on a table, with ML.NET.</summary>
public sealed class BinaryTrainer
{
    private readonly Func<string?> lightGbmProblem;

    public BinaryTrainer()
        : this(LightGbmLibrary.Problem)
    {
    }

    /// <param name="lightGbmProblem">Why LightGBM cannot train here, or null when it can.</param>
    internal BinaryTrainer(Func<string?> lightGbmProblem) => this.lightGbmProblem = lightGbmProblem;

    /// <summary>
    /// Trains on all rows of the table. Equal data, options and seed give an equal model. Takes all of the calling thread;
    /// where LightGBM cannot be loaded, FastTree trains instead and <see cref="TrainedModel.Notice"/> says why.
    /// </summary>
    /// <param name="features">Columns of numbers or booleans, in the order of the model's input; values may be missing.</param>
    /// <param name="label">A column of booleans, or of numbers that are 0 or 1; no value may be missing.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when an option, a feature or the label breaks a
    /// rule.</exception>
    /// <exception cref="OperationCanceledException">When cancelled while ML.NET reads the rows; once it grows trees it
    /// cannot be interrupted.</exception>
    public TrainedModel Train(
        Table table, IReadOnlyList<string> features, string label, TrainerOptions options, CancellationToken cancel)
    {
        options.Validate();
        CheckNames(features, label);
        var labels = BinaryLabels.From(table, label);
        var rows = FeatureMatrix.From(table, features);
        CheckFinite(rows);

        var problem = options.Algorithm == TrainerOptions.LightGbm ? lightGbmProblem() : null;
        var algorithm = problem is null ? options.Algorithm : TrainerOptions.FastTree;
        var fitted = Fit(algorithm, new TrainingSet(rows, labels, cancel), options);
        ColumnSchema[] inputs = [.. features.Select(name => new ColumnSchema(name, table[name].Type))];
        return new TrainedModel(algorithm, problem is null ? null : $"{problem} FastTree trained instead.", inputs, fitted);
    }

    private static FittedModel Fit(string algorithm, TrainingSet set, TrainerOptions options)
    {
        var ml = new MLContext(options.Seed);
        return algorithm switch
        {
            TrainerOptions.LightGbm => BoostedTrees.FitLightGbm(ml, set, options),
            TrainerOptions.FastTree => BoostedTrees.FitFastTree(ml, set, options),
            _ => LinearClassifier.Fit(ml, set, options),
        };
    }

    private static void CheckNames(IReadOnlyList<string> features, string label)
    {
        if (features.Count == 0)
        {
            throw SlipwayException.Invalid("A model needs at least one feature; got none.");
        }

        var twice = features.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
        {
            throw SlipwayException.Invalid($"The feature '{twice.Key}' stands {twice.Count()} times in the list of features.");
        }

        if (features.Contains(label, StringComparer.Ordinal))
        {
            throw SlipwayException.Invalid($"The label '{label}' is also a feature; the model would only copy it.");
        }
    }

    private static void CheckFinite(FeatureMatrix rows)
    {
        var values = rows.Values.Span;
        var at = values.IndexOfAny(float.PositiveInfinity, float.NegativeInfinity);
        if (at >= 0)
        {
            throw SlipwayException.Invalid($"The feature '{rows.Names[at % rows.Names.Count]}' is infinite, or beyond ±3.4e38, " +
                $"in row {at / rows.Names.Count}; make it missing or bound it.");
        }
    }
}
