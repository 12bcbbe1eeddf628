namespace Slipway.Core.Data;

/// <summary>The type of a column, a feature or a model input, as written in YAML and JSON in lower case.</summary>
public enum DataType
{
    Bool,
    Int64,
    Float32,
    Float64,
    String,

    /// <summary>A point in time, in microseconds since 1970-01-01T00:00:00Z.</summary>
    Timestamp,
}

/// <summary>Name, type and nullability of one column.</summary>
public sealed record ColumnSchema(string Name, DataType Type, bool Nullable = true);
