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
    public const int Source = 2048;
    public const int File = 200;

    /// <summary>Of what names no other.</summary>
    public const string DefaultProject = "default";

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
    /// <param name="governed">Where stages mean what was approved, an alias must not take a stage's place.</param>
    internal static void CheckAlias(string? alias, bool governed)
    {
        Limit.Name("An alias", alias, Alias);
        if (!AliasCharacters().IsMatch(alias!) || LooksLikeVersion().IsMatch(alias!) || (governed && EnumName.TryParse<Stage>(alias!, out _)))
        {
            throw SlipwayException.Invalid(
                $"'{alias}' cannot be an alias: letters, digits, '_' and '-', but no number, v1, latest or, of a governed model, name of a stage.");
        }
    }

    /// <summary>A file of a package stands in a line of its manifest and in a path.</summary>
    internal static void CheckFile(string? name)
    {
        Limit.Name("The name of a file", name, File);
        if (!FileCharacters().IsMatch(name!))
        {
            throw SlipwayException.Invalid($"'{name}' cannot name a file of a package: letters, digits, '.', '_' and '-', starting with a letter or digit.");
        }
    }

    internal static void Check(NewModel model)
    {
        CheckModel(model.Name);
        Limit.Text("A model's description", model.Description, Text);
        Limit.Text("A model's owner", model.Owner, ModelName);
        Limit.Name("A project's name", model.Project, ModelName);
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
        Limit.Text("A version's source", version.Source, Source);
        Limit.Text("A version's run link", version.RunLink, Source);
        Limit.Text("The id of a logged model", version.ModelId, ModelName);
        Limit.Text("The id of a run", version.RunId, ModelName);
        CheckTags(version.Tags);
        Limit.Text("A model's version", version.Version?.ToString(), Version);
        if (version.Version is { Build.Length: > 0 })
        {
            throw SlipwayException.Invalid(
                $"A model version has no build metadata, which would not count in its order; got {version.Version}.");
        }
    }

    /// <summary>What can be served must say what it takes and gives.</summary>
    internal static void CheckSignature(NewVersion version, BlobInfo? file)
    {
        if (file is not null && version.Signature is not { Inputs.Count: > 0, Outputs.Count: > 0 })
        {
            throw SlipwayException.Invalid("A model version needs a signature with at least one input and one output.");
        }
    }

    internal static void Check(ModelChange change)
    {
        Limit.Text("A model's description", change.Description, Text);
        Limit.Text("A model's owner", change.Owner, ModelName);
    }

    internal static void Check(VersionChange change)
    {
        Limit.Text("A version's description", change.Description, Text);
        Limit.Text("A version's limitations", change.Limitations, Text);
    }

    internal static void CheckTags(IReadOnlyDictionary<string, string>? tags)
    {
        foreach (var (key, value) in tags ?? new Dictionary<string, string>())
        {
            Limit.Name("A tag key", key, TagKey);
            Limit.Text($"The value of the tag '{key}'", value, TagValue);
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._\-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex FileCharacters();

    [GeneratedRegex(@"\A[\w\-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex AliasCharacters();

    [GeneratedRegex(@"\A(v?[0-9]+|latest)\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex LooksLikeVersion();
}
