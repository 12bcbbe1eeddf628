using Slipway.Core.Data;
using Slipway.Core.Windows;

namespace Slipway.Platform.Features.Definitions;

/// <summary>A thing that features describe, known by one or more join keys.</summary>
public sealed record EntityDefinition(string Name, IReadOnlyList<ColumnSchema> JoinKeys)
{
    public required Notes Notes { get; init; }
}

/// <summary>What people write down about a definition. It changes no value, so it makes no new version.</summary>
/// <param name="Origin">file:line:column.</param>
public sealed record Notes(string Origin, string? Description = null, string? Owner = null)
{
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Null for what is there to stay.</summary>
    public Deprecation? Deprecated { get; init; }
}

/// <summary>A column that a source does not hold but has: a formula over the columns before it.</summary>
/// <param name="Type">Null: the type the formula has.</param>
public sealed record ComputedColumn(string Name, DataType? Type, string Expression);

/// <summary>Where rows come from: a file, relative to the repository's folder, a topic, or pushes.</summary>
/// <param name="Name">Of a source that several views share; null for one written inside a view.</param>
public sealed record SourceDefinition(string? Name)
{
    public string? Path { get; init; }

    public string? Topic { get; init; }

    /// <summary>Rows are pushed to it by its name. They are kept in the topic of that name, from which both stores are filled.</summary>
    public bool Push { get; init; }

    /// <summary>Rows of a PostgreSQL database; null for a file or a topic.</summary>
    public PostgresQuery? Postgres { get; init; }

    /// <summary>The columns as declared; empty where the file itself is to say.</summary>
    public IReadOnlyList<ColumnSchema> Columns { get; init; } = [];

    public IReadOnlyList<ComputedColumn> Computed { get; init; } = [];

    /// <summary>A formula; rows for which it is not true do not exist.</summary>
    public string? Filter { get; init; }

    public required Notes Notes { get; init; }
}

/// <summary>What is read from a PostgreSQL database.</summary>
/// <param name="Connection">A name; the environment variable <c>SLIPWAY_POSTGRES_NAME</c> holds what it stands for, as that is a secret.</param>
/// <param name="Table">With its schema where it needs one; or …</param>
/// <param name="Sql">… a query.</param>
public sealed record PostgresQuery(string Connection, string? Table, string? Sql);

/// <summary>How a view reads a source.</summary>
/// <param name="EventTimestamp">The column that says when a row became true; in a batch view with SQL, of the result.</param>
/// <param name="CreatedTimestamp">The column that says when a row was written, likewise.</param>
/// <param name="FieldMap">Source column → name in the view; applied after computed columns and filters.</param>
/// <param name="Filter">Narrows a shared source for this view.</param>
public sealed record ViewSource(
    SourceDefinition Source, string EventTimestamp, string? CreatedTimestamp, IReadOnlyDictionary<string, string> FieldMap, string? Filter);

public enum ViewKind
{
    /// <summary>Rows of a source, or of SQL over it.</summary>
    Batch,

    /// <summary>Window aggregates over events.</summary>
    Streaming,

    /// <summary>Formulas over the request and other features, computed when asked for.</summary>
    OnDemand,

    /// <summary>Formulas over other features.</summary>
    Derived,
}

/// <summary>What becomes of an event that comes after its boundary is closed.</summary>
public enum LatePolicy
{
    /// <summary>It is counted and goes to the dead letters; no value changes.</summary>
    Drop,

    /// <summary>Within the allowed lateness it counts, and the rows it belongs to are written anew; beyond it, it is dropped.</summary>
    Update,
}

/// <param name="Expression">The formula, in on-demand and derived views; null elsewhere.</param>
/// <param name="Default">What serving answers where there is no value, as written; null for none.</param>
/// <param name="Dimension">How many elements an embedding has; null for other types.</param>
public sealed record FeatureDefinition(
    string Name, DataType Type, string? Expression = null, string? Default = null, int? Dimension = null)
{
    internal ColumnSchema Column => new(Name, Type, Dimension: Dimension);

    /// <summary>Null for one that is there to stay. It changes no value, so it makes no new version.</summary>
    public Deprecation? Deprecated { get; init; }
}

/// <summary>Features of one view, taken into a service or into another view.</summary>
/// <param name="Alias">The name they go by here, where one view is taken more than once.</param>
/// <param name="JoinKeyMap">Join key of the view → column of the entity rows; keys not named keep their name.</param>
/// <param name="Features">Empty for all.</param>
public sealed record FeatureSelection(
    string View, string? Alias, IReadOnlyDictionary<string, string> JoinKeyMap, IReadOnlyList<string> Features)
{
    /// <summary>The alias, or the view's own name.</summary>
    public string Name => Alias ?? View;

    public required string Origin { get; init; }
}

/// <summary>A group of features that are computed together. Which of the parts are set depends on the kind.</summary>
public sealed record FeatureViewDefinition(string Name, ViewKind Kind)
{
    public IReadOnlyList<string> Entities { get; init; } = [];

    /// <summary>The version that the author means it to be; a feature changes its type only where this says that it is meant. Not stored.</summary>
    public int? Version { get; init; }

    /// <summary>Oldest age of a value, inclusive; null for no limit.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>In a streaming view, one for each aggregation.</summary>
    public IReadOnlyList<FeatureDefinition> Features { get; init; } = [];

    /// <summary>Batch and streaming.</summary>
    public ViewSource? Source { get; init; }

    /// <summary>Batch: DuckDB SQL over the relation <c>source</c>; null to take the source's rows as they are.</summary>
    public string? Sql { get; init; }

    /// <summary>Streaming: distance of the boundaries at which values of hopping windows are computed; null where there are none.</summary>
    public TimeSpan? Hop { get; init; }

    /// <inheritdoc cref="Hop"/>
    public IReadOnlyList<WindowAggregation> Aggregations { get; init; } = [];

    /// <inheritdoc cref="Hop"/>
    public LatePolicy Late { get; init; } = LatePolicy.Drop;

    /// <summary>Streaming: how long after its boundary is closed an event still counts; null for not at all.</summary>
    public TimeSpan? AllowedLateness { get; init; }

    /// <summary>Streaming: how far behind the latest an event may come; watermarks follow from it. Null: they are pushed.</summary>
    public TimeSpan? MaxOutOfOrderness { get; init; }

    /// <summary>On-demand: what a request brings.</summary>
    public IReadOnlyList<ColumnSchema> Inputs { get; init; } = [];

    /// <summary>On-demand and derived: features of other views, which formulas call <c>name__feature</c>.</summary>
    public IReadOnlyList<FeatureSelection> From { get; init; } = [];

    /// <summary>Batch: what rows are held to when they are brought online or into training sets; null for nothing.</summary>
    public IReadOnlyList<Expectation>? Expectations { get; init; }

    public required Notes Notes { get; init; }
}

/// <summary>The features a model asks for.</summary>
/// <param name="FullNames">Columns are named <c>name__feature</c> unless a caller asks otherwise.</param>
public sealed record FeatureServiceDefinition(string Name, IReadOnlyList<FeatureSelection> Features, bool FullNames)
{
    public required Notes Notes { get; init; }
}
