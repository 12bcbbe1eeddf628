using Slipway.Core.Data;

namespace Slipway.Core.Joins;

/// <summary>The rows of one feature view, and how they meet the entity rows of a <see cref="PointInTimeJoin"/>.</summary>
/// <param name="Name">The view's name, or the alias under which it is joined; prefix of full feature names.</param>
/// <param name="EventTimestamp">The column that says when a row became true.</param>
public sealed record JoinedView(string Name, Table Rows, string EventTimestamp)
{
    /// <summary>Which entity column each key column must equal. None: a view without an entity, one series for all.</summary>
    public IReadOnlyList<JoinKey> Keys { get; init; } = [];

    /// <summary>The column that says when a row was written, if there is one: breaks ties, and is what the created filter tests.</summary>
    public string? CreatedTimestamp { get; init; }

    /// <summary>Oldest age of a row, inclusive; null or zero for no limit.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>The columns wanted, in the order wanted.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];
}

/// <summary>One entry of a join-key map: which column of the entity rows must equal which of the view.</summary>
public sealed record JoinKey(string EntityColumn, string ViewColumn);
