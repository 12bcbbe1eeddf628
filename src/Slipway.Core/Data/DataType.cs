using System.Text.Json.Serialization;

namespace Slipway.Core.Data;

/// <summary>The type of a column, a feature or a model input, written in YAML and JSON in lower case, or as given here.</summary>
public enum DataType
{
    Bool,
    Int64,
    Float32,
    Float64,
    String,

    /// <summary>A point in time, in microseconds since 1970-01-01T00:00:00Z.</summary>
    Timestamp,

    /// <summary>Any number of values, none of them missing, as in all arrays.</summary>
    [JsonStringEnumMemberName("array<bool>")]
    BoolArray,

    [JsonStringEnumMemberName("array<int64>")]
    Int64Array,

    [JsonStringEnumMemberName("array<float32>")]
    Float32Array,

    [JsonStringEnumMemberName("array<float64>")]
    Float64Array,

    [JsonStringEnumMemberName("array<string>")]
    StringArray,

    [JsonStringEnumMemberName("array<timestamp>")]
    TimestampArray,

    /// <summary>An array of float32 with a fixed number of elements, the column's dimension; in YAML <c>embedding&lt;128&gt;</c>.</summary>
    Embedding,
}

/// <summary>Name, type and nullability of one column.</summary>
/// <param name="Dimension">How many elements an embedding has; null for other types.</param>
public sealed record ColumnSchema(
    string Name, DataType Type, bool Nullable = true,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Dimension = null);
