using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Slipway.Core.Errors;

namespace Slipway.Platform.Pipelines.Trainers;

/// <summary>How a binary classifier is trained. The defaults suit tables of thousands to millions of rows.</summary>
public sealed record TrainerOptions
{
    public const string LightGbm = "lightgbm";
    public const string FastTree = "fasttree";
    public const string LogisticRegression = "logistic-regression";

    /// <summary><c>lightgbm</c>, <c>fasttree</c> or <c>logistic-regression</c>.</summary>
    public string Algorithm { get; init; } = LightGbm;

    /// <summary>Boosting rounds; logistic regression has none.</summary>
    [Range(1, 10_000)]
    public int Trees { get; init; } = 100;

    /// <summary>Leaves per tree, at most.</summary>
    [Range(2, 4_096)]
    public int Leaves { get; init; } = 31;

    /// <summary>Training rows that must reach a leaf.</summary>
    [Range(1, 1_000_000)]
    public int MinRowsPerLeaf { get; init; } = 20;

    /// <summary>The share of each tree's answer that is added.</summary>
    [Range(0.0001, 1.0)]
    public double LearningRate { get; init; } = 0.1;

    /// <summary>Buckets per feature in which split points are sought.</summary>
    [Range(2, 65_535)]
    public int Bins { get; init; } = 255;

    /// <summary>The share of the features that each tree may use.</summary>
    [Range(0.01, 1.0)]
    public double FeatureFraction { get; init; } = 1;

    /// <summary>The share of the rows that each tree is grown on, drawn anew for each.</summary>
    [Range(0.01, 1.0)]
    public double RowFraction { get; init; } = 1;

    /// <summary>Weight of the squared leaf values (LightGBM) or coefficients (logistic regression); FastTree has none.</summary>
    [Range(0.0, 1_000_000.0)]
    public double L2 { get; init; } = 1;

    /// <summary>Equal data, options and seed give an equal model.</summary>
    [Range(0, int.MaxValue)]
    public int Seed { get; init; } = 1;

    /// <summary>Threads while training, 0 for all processors; the model does not depend on it.</summary>
    [Range(0, 1_024)]
    public int Threads { get; init; }

    internal int ThreadCount => Threads == 0 ? Environment.ProcessorCount : Threads;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the option, its limits and the value.</exception>
    public void Validate()
    {
        if (Algorithm is not (LightGbm or FastTree or LogisticRegression))
        {
            throw SlipwayException.Invalid(
                $"The trainer option 'algorithm' is {LightGbm}, {FastTree} or {LogisticRegression}; got '{Algorithm}'.");
        }

        foreach (var property in typeof(TrainerOptions).GetProperties())
        {
            if (property.GetCustomAttribute<RangeAttribute>() is { } range
                && !range.IsValid(property.GetValue(this)))
            {
                var name = char.ToLowerInvariant(property.Name[0]) + property.Name[1..];
                throw SlipwayException.Invalid(string.Create(CultureInfo.InvariantCulture,
                    $"The trainer option '{name}' lies between {range.Minimum} and {range.Maximum}; got {property.GetValue(this)}."));
            }
        }
    }
}
