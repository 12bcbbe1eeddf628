using System.Text.Json;
using System.Text.Json.Serialization;
using Slipway.Client.Http;

namespace Slipway.Client;

[JsonConverter(typeof(SnakeCase<DefinitionKind>))]
public enum DefinitionKind
{
    Entity,
    View,
    Service,
}

[JsonConverter(typeof(SnakeCase<DefinitionAction>))]
public enum DefinitionAction
{
    Unchanged,

    /// <summary>Only what people wrote about it differs: no new version.</summary>
    Annotate,

    Create,

    Update,
}

/// <param name="Name">Of the file, for errors.</param>
/// <param name="Text">YAML.</param>
public sealed record DefinitionFile(string Name, string Text);

internal sealed record DefinitionFilesBody(IReadOnlyList<DefinitionFile> Files);

/// <param name="From">The version before; null for a new definition.</param>
/// <param name="To">The version after.</param>
/// <param name="Fields">What is written differently; null where a definition changes only because one below it does.</param>
/// <param name="Warnings">Deprecated views that it builds on.</param>
/// <param name="Consumers">Of what is deprecated: who uses it.</param>
/// <param name="DeprecatedFeatures">Of a view: those of its features that go away.</param>
public sealed record DefinitionChange(
    DefinitionKind Kind, string Name, DefinitionAction Action, int To, int? From = null, IReadOnlyList<FieldChange>? Fields = null,
    IReadOnlyList<string>? Warnings = null, Deprecation? Deprecated = null, FeatureConsumers? Consumers = null,
    IReadOnlyList<DeprecatedFeature>? DeprecatedFeatures = null);

/// <param name="Consumers">Who uses it; null in a view that is new.</param>
public sealed record DeprecatedFeature(string Feature, Deprecation Deprecated, FeatureConsumers? Consumers = null);

/// <param name="Path">As <c>features.revenue.type</c>.</param>
public sealed record FieldChange(string Path, string? Old = null, string? New = null);

/// <param name="On">The day from which nobody should use it any more.</param>
public sealed record Deprecation(DateOnly On, string? Reason = null);

/// <param name="Models">Versions in any stage that are given features of it.</param>
/// <param name="Readers">Who read features of the view or entity online, whether singly or by a service; empty for a service.</param>
public sealed record FeatureConsumers(
    IReadOnlyList<string> Views, IReadOnlyList<string> Services, IReadOnlyList<FeatureUser> Models, IReadOnlyList<string> Endpoints,
    IReadOnlyList<FeatureReader> Readers);

/// <param name="LastRead">The last day, in UTC.</param>
public sealed record FeatureReader(string Name, DateOnly LastRead);

/// <param name="FeatureService">As <c>flight_delay@3</c>, or the name alone for one that follows what is in force.</param>
public sealed record FeatureUser(string Model, string Version, Stage Stage, string FeatureService);

/// <param name="Services">Those in force that have it all the same.</param>
public sealed record UnusedFeature(string View, string Feature, IReadOnlyList<string> Services);

/// <summary>What to look for; all that is given must hold, whatever the case of the letters.</summary>
/// <param name="Text">In the name, the description or the name of a feature.</param>
/// <param name="Type">The data type of a feature, or the kind of a view.</param>
public sealed record DefinitionQuery(
    DefinitionKind? Kind = null, string? Text = null, string? Tag = null, string? Owner = null, string? Entity = null, string? Type = null);

/// <param name="Type">Of a view: its kind.</param>
/// <param name="Features">Those that the query found; all when it did not ask for any.</param>
public sealed record FoundDefinition(
    DefinitionKind Kind, string Name, int Version, IReadOnlyList<string> Tags, IReadOnlyList<string> Entities, IReadOnlyList<FoundFeature> Features,
    string? Type = null, string? Description = null, string? Owner = null, Deprecation? Deprecated = null);

public sealed record FoundFeature(string Name, string? Type = null, Deprecation? Deprecated = null);

/// <param name="Definition">JSON.</param>
/// <param name="Uses">Of a service: the versions that it is made of, as <c>view/sales@2</c>.</param>
public sealed record StoredDefinition(
    DefinitionKind Kind, string Name, int Version, string ContentHash, string Definition, string AppliedBy, DateTimeOffset Applied,
    IReadOnlyList<string>? Uses = null);

/// <param name="Versions">Newest first.</param>
public sealed record DefinitionDetail(StoredDefinition Latest, IReadOnlyList<DefinitionVersion> Versions, FeatureConsumers Consumers);

public sealed record DefinitionVersion(int Version, string ContentHash, string AppliedBy, DateTimeOffset Applied);

internal sealed record OnlineBody(string Service, JsonElement Entities, bool? FullNames = null);

/// <summary>All by column, one entry per row of the request.</summary>
/// <param name="Statuses"><c>present</c>, <c>null_value</c>, <c>not_found</c>, <c>outside_max_age</c> and the like.</param>
/// <param name="EventTimes">Since when a value holds; null for what is computed or absent.</param>
public sealed record OnlineFeatures(
    string Service, int Version, IReadOnlyList<string> Columns, IReadOnlyDictionary<string, IReadOnlyList<JsonElement>> Values,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Statuses, IReadOnlyDictionary<string, IReadOnlyList<DateTimeOffset?>> EventTimes,
    IReadOnlyList<string>? Warnings = null);
