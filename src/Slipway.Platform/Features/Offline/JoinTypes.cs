namespace Slipway.Platform.Features.Offline;

/// <summary>A point-in-time join of files.</summary>
/// <param name="Repository">The folder with the definitions; paths of sources are relative to it.</param>
/// <param name="Entities">Parquet or CSV, by its extension: <c>event_timestamp</c>, join keys, request data and whatever is to be carried along.</param>
/// <param name="Output">The same; it appears whole or not at all, in place of one that is there.</param>
public sealed record JoinRequest(string Repository, string Entities, string Output)
{
    /// <summary>Either a feature service of the repository, or …</summary>
    public string? Service { get; init; }

    /// <summary>… features as <c>view:feature</c>, in the order of the columns.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>Name columns <c>view__feature</c>, also where the service does not ask for it.</summary>
    public bool FullNames { get; init; }

    /// <summary>Use only rows written by then, in views that have a created timestamp.</summary>
    public bool CreatedFilter { get; init; }
}

/// <param name="Features">The columns that were added.</param>
/// <param name="Violations">Where the rows of sources are not what their views expect.</param>
public sealed record JoinResult(long Rows, IReadOnlyList<string> Features, IReadOnlyList<ExpectationViolation> Violations);
