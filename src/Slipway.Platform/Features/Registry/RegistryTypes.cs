using Slipway.Core.Data;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Registry;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Windowed;

namespace Slipway.Platform.Features.Registry;

public enum DefinitionKind
{
    Entity,
    View,
    Service,
}

public enum ChangeAction
{
    Create,

    /// <summary>Its meaning differs, so it gets a new version.</summary>
    Update,

    /// <summary>Only what people wrote about it differs: description, owner, tags. The version stays.</summary>
    Annotate,
    Unchanged,
}

/// <param name="From">The version before; null for one that is new.</param>
/// <param name="To">The version after.</param>
public sealed record DefinitionChange(DefinitionKind Kind, string Name, ChangeAction Action, int? From, int To)
{
    /// <summary>What is written differently; null when nothing is, as for what changes only because something below it did.</summary>
    public IReadOnlyList<FieldChange>? Fields { get; init; }

    /// <summary>Deprecated views that it builds on.</summary>
    public IReadOnlyList<string>? Warnings { get; init; }

    public Deprecation? Deprecated { get; init; }

    /// <summary>Of what is deprecated: who uses it.</summary>
    public FeatureConsumers? Consumers { get; init; }

    /// <summary>Of a view: those of its features that go away; null when none does.</summary>
    public IReadOnlyList<DeprecatedFeature>? DeprecatedFeatures { get; init; }
}

/// <param name="Consumers">Who uses it; null in a view that is new.</param>
public sealed record DeprecatedFeature(string Feature, Deprecation Deprecated, FeatureConsumers? Consumers = null);

/// <summary>Who would notice if a definition went away.</summary>
/// <param name="Views">In force, that take features from it.</param>
/// <param name="Services">In force, that it is a part of.</param>
/// <param name="Models">Versions in any stage that are given features of it, in the version that they are pinned to.</param>
/// <param name="Endpoints">Those that hold versions of services with it.</param>
/// <param name="Readers">Who read features of the view or entity online, whether singly or by a service; empty for a service.</param>
public sealed record FeatureConsumers(
    IReadOnlyList<string> Views, IReadOnlyList<string> Services, IReadOnlyList<FeatureUser> Models, IReadOnlyList<string> Endpoints,
    IReadOnlyList<FeatureReader> Readers);

/// <param name="Name">The user or key.</param>
/// <param name="LastRead">The last day, in UTC.</param>
public sealed record FeatureReader(string Name, DateOnly LastRead);

/// <param name="Services">Those in force that have it all the same.</param>
public sealed record UnusedFeature(string View, string Feature, IReadOnlyList<string> Services);

/// <summary>A definition with its history.</summary>
/// <param name="Versions">Newest first.</param>
public sealed record DefinitionDetail(StoredDefinition Latest, IReadOnlyList<DefinitionVersion> Versions, FeatureConsumers Consumers);

public sealed record DefinitionVersion(int Version, string ContentHash, string AppliedBy, DateTimeOffset Applied);

/// <summary>What to look for; all that is given must hold, whatever the case of the letters.</summary>
/// <param name="Text">In the name, the description or the name of a feature.</param>
/// <param name="Type">The data type of a feature, or the kind of a view.</param>
public sealed record DefinitionQuery(
    DefinitionKind? Kind = null, string? Text = null, string? Tag = null, string? Owner = null, string? Entity = null, string? Type = null);

/// <param name="Type">Of a view: its kind.</param>
/// <param name="Features">Of a view, those that the query found; all when it did not ask for any. Of a service <c>view:feature</c>, or <c>view</c> for all of it.</param>
public sealed record FoundDefinition(
    DefinitionKind Kind, string Name, int Version, string? Type, string? Description, string? Owner, IReadOnlyList<string> Tags,
    IReadOnlyList<string> Entities, IReadOnlyList<FoundFeature> Features, Deprecation? Deprecated);

public sealed record FoundFeature(string Name, string? Type, Deprecation? Deprecated = null);

/// <param name="Path">As <c>features.revenue.type</c>.</param>
/// <param name="Old">Null where there was nothing.</param>
/// <param name="New">Null where there is nothing any more.</param>
public sealed record FieldChange(string Path, string? Old, string? New);

/// <summary>The versions of services that something live reads, which therefore go on being filled.</summary>
/// <param name="Holder">As <c>endpoint/flights</c>.</param>
/// <param name="Services">As <c>flight_delay@3</c>.</param>
public sealed record FeaturePins(string Holder, IReadOnlyList<string> Services);

/// <summary>A version of a definition as stored.</summary>
/// <param name="ContentHash">SHA-256 of what determines the values, in hex; equal hashes give equal values.</param>
/// <param name="Definition">JSON.</param>
public sealed record StoredDefinition(
    DefinitionKind Kind, string Name, int Version, string ContentHash, string Definition, string AppliedBy, DateTimeOffset Applied)
{
    /// <summary>Of a service: the versions that it is made of, as <c>view/sales@2</c> and <c>entity/shop@1</c>, so that it can be served for good.</summary>
    public IReadOnlyList<string>? Uses { get; init; }
}

/// <summary>A view whose values are stored, and where its rows come from.</summary>
/// <param name="Types">What types the view needs columns of its source to have.</param>
/// <param name="Windowed">Its windows, for a streaming view.</param>
public sealed record SourcedView(
    StoredView Stored, SourceDefinition Source, IReadOnlyDictionary<string, DataType> Types, WindowedView? Windowed)
{
    /// <summary>What callers give its rows under.</summary>
    public string SourceName => Windowed?.Topic ?? Source.Name ?? Stored.Name;
}
