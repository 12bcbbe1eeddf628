using Slipway.Core.Data;
using Slipway.Platform.Features.Definitions;
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
public sealed record DefinitionChange(DefinitionKind Kind, string Name, ChangeAction Action, int? From, int To);

/// <summary>A version of a definition as stored.</summary>
/// <param name="ContentHash">SHA-256 of what determines the values, in hex; equal hashes give equal values.</param>
/// <param name="Definition">JSON.</param>
public sealed record StoredDefinition(
    DefinitionKind Kind, string Name, int Version, string ContentHash, string Definition, string AppliedBy, DateTimeOffset Applied);

/// <summary>A view whose values are stored, and where its rows come from.</summary>
/// <param name="Types">What types the view needs columns of its source to have.</param>
/// <param name="Windowed">Its windows, for a streaming view.</param>
public sealed record SourcedView(
    StoredView Stored, SourceDefinition Source, IReadOnlyDictionary<string, DataType> Types, WindowedView? Windowed)
{
    /// <summary>What callers give its rows under.</summary>
    public string SourceName => Windowed?.Topic ?? Source.Name ?? Stored.Name;
}
