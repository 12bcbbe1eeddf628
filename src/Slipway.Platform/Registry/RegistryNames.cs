using System.Text.RegularExpressions;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Blobs;

namespace Slipway.Platform.Registry;

/// <summary>What models and aliases may be called, and how much text a registry entry holds.</summary>
public static partial class RegistryNames
{
    public const int ModelName = 250;
    public const int Alias = 255;
    public const int Version = 64;
    public const int TagKey = 250;
    public const int TagValue = 100_000;
    public const int Text = 5000;
    public const int Card = 200_000;

    /// <summary>A name is one segment of a path, as in <c>models:/name/version</c>.</summary>
    internal static void CheckModel(string? name)
    {
        Limit.Name("A model's name", name, ModelName);
        if (name is "." or ".." || name!.Any(c => c is '/' or ':' or '\\' || char.IsControl(c)))
        {
            throw SlipwayException.Invalid($"'{name}' cannot name a model: no '/', ':', '\\' or control character, and not '.' or '..'.");
        }
    }

    /// <summary>An alias stands where a version or a stage may stand, so it must not look like one.</summary>
    internal static void CheckAlias(string? alias)
    {
        Limit.Name("An alias", alias, Alias);
        if (!AliasCharacters().IsMatch(alias!) || LooksLikeVersion().IsMatch(alias!) || EnumName.TryParse<Stage>(alias!, out _))
        {
            throw SlipwayException.Invalid(
                $"'{alias}' cannot be an alias: letters, digits, '_' and '-', but no number, v1, latest or name of a stage.");
        }
    }

    internal static void Check(NewModel model)
    {
        CheckModel(model.Name);
        Limit.Text("A model's description", model.Description, Text);
        Limit.Text("A model's owner", model.Owner, ModelName);
        CheckTags(model.Tags);
    }

    internal static void Check(NewVersion version)
    {
        CheckModel(version.Model);
        if (version is not { FeatureViews: not null, Metrics: not null, Tags: not null, Limitations: not null, Description: not null })
        {
            throw SlipwayException.Invalid("What is not known of a version is left out, not null.");
        }

        Limit.Text("A request key", version.RequestKey, TagKey);
        Limit.Text("The path of a version's artifact", version.Artifact, BlobKey.MaxBytes);
        Limit.Text("A version's description", version.Description, Text);
        Limit.Text("A version's limitations", version.Limitations, Text);
        Limit.Text("A feature service's name", version.FeatureService, ModelName);
        CheckTags(version.Tags);
        Limit.Text("A model's version", version.Version?.ToString(), Version);
        if (version.Version is { Build.Length: > 0 })
        {
            throw SlipwayException.Invalid(
                $"A model version has no build metadata, which would not count in its order; got {version.Version}.");
        }

        if (version.Signature is not { Inputs.Count: > 0, Outputs.Count: > 0 })
        {
            throw SlipwayException.Invalid("A model version needs a signature with at least one input and one output.");
        }
    }

    internal static void CheckTags(IReadOnlyDictionary<string, string>? tags)
    {
        foreach (var (key, value) in tags ?? new Dictionary<string, string>())
        {
            Limit.Name("A tag key", key, TagKey);
            Limit.Text($"The value of the tag '{key}'", value, TagValue);
        }
    }

    [GeneratedRegex(@"\A[\w\-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex AliasCharacters();

    [GeneratedRegex(@"\A(v?[0-9]+|latest)\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex LooksLikeVersion();
}
