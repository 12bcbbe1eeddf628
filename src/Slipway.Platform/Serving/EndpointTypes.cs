using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Slipway.Core.Errors;
using Slipway.Inference;

namespace Slipway.Platform.Serving;

public enum VariantRole
{
    /// <summary>The version in charge: it answers whatever no challenger takes, and whatever a challenger fails at.</summary>
    Champion,

    /// <summary>A version on trial for its share of the traffic.</summary>
    Challenger,

    /// <summary>How a prediction is logged whose caller named the version; no share of a split, no evidence for a canary.</summary>
    Pinned,

    /// <summary>How a prediction is logged that the champion gave because a challenger failed; no evidence either.</summary>
    Fallback,
}

/// <summary>One version of the endpoint's model and its share of the traffic.</summary>
/// <param name="Version">Semantic version, such as <c>1.0.0</c>.</param>
/// <param name="Weight">Percent, 0 to 100.</param>
public sealed record Variant(string Version, double Weight, VariantRole Role);

public enum LogMode
{
    /// <summary>The answer does not wait for the log; when the log cannot keep up, predictions are dropped and counted.</summary>
    Async,

    /// <summary>The answer waits until its predictions are committed.</summary>
    Durable,
}

public sealed record EndpointOptions
{
    /// <summary>The label is true above this probability.</summary>
    [Range(0, 1)]
    public double Threshold { get; init; } = 0.5;

    public LogMode Log { get; init; } = LogMode.Async;

    public BatchingOptions Batching { get; init; } = BatchingOptions.Default;

    public EndpointLimits Limits { get; init; } = new();
}

/// <summary>Where predictions are asked for, and which versions answer.</summary>
/// <param name="FeatureService">
/// Looked up for each request that does not bring the features itself, in the version that the model version is pinned to; null when all do.
/// </param>
/// <param name="Variants">One champion and any challengers; the weights sum to 100.</param>
/// <param name="Rollout">The canary that moves this endpoint's traffic now. Its challenger then salts the split, so each version
/// is tried on other keys than the one before.</param>
public sealed record Endpoint(
    string Name, string Model, string? FeatureService, IReadOnlyList<Variant> Variants, EndpointOptions Options, string? Rollout = null)
{
    /// <summary>Versions beyond this make each one's evidence too thin to be worth it.</summary>
    public const int MaxVariants = 10;

    /// <summary>Counts the changes, from 1; a prediction is logged with the revision that routed it.</summary>
    public long Revision { get; init; }

    [JsonIgnore]
    public Variant Champion => Variants.First(v => v.Role == VariantRole.Champion);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the rule that is broken.</exception>
    public Endpoint Checked()
    {
        CheckName(Name);
        if (Variants.Count is 0 or > MaxVariants)
        {
            throw SlipwayException.Invalid($"Endpoint '{Name}' takes 1 to {MaxVariants} variants; got {Variants.Count}.");
        }

        if (Variants.Count(v => v.Role == VariantRole.Champion) != 1 || Variants.Any(v => v.Role > VariantRole.Challenger))
        {
            throw SlipwayException.Invalid($"Endpoint '{Name}' takes exactly one champion; every other variant is a challenger.");
        }

        if (Variants.DistinctBy(v => v.Version).Count() < Variants.Count)
        {
            throw SlipwayException.Invalid($"Endpoint '{Name}' names a version twice.");
        }

        var sum = Variants.Sum(v => v.Weight);
        if (Variants.Any(v => !(v.Weight is >= 0 and <= 100)) || Math.Abs(sum - 100) > 1e-9)
        {
            throw SlipwayException.Invalid($"The weights of endpoint '{Name}' are 0 to 100 percent and sum to 100; the sum is {sum}.");
        }

        Options.Limits.Check(Name);
        EndpointLimits.Check(Name, Options.Batching);
        return Options.Threshold is >= 0 and <= 1
            ? this
            : throw SlipwayException.Invalid($"The threshold of endpoint '{Name}' is 0 to 1; got {Options.Threshold}.");
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a name that does not fit into a path.</exception>
    internal static void CheckName(string name)
    {
        if (name.Length is 0 or > 128 || !char.IsAsciiLetterOrDigit(name[0])
            || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            throw SlipwayException.Invalid(
                $"An endpoint's name has 1 to 128 letters, digits, '-', '_' or '.', the first a letter or digit; got '{name}'.");
        }
    }
}

/// <summary>One change of an endpoint: what it became, by whom and why.</summary>
public sealed record EndpointRevision(Endpoint Endpoint, string Actor, string Reason, long CreatedMs);
