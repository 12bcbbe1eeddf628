namespace Slipway.Core.Data;

/// <summary>What is known of a <see cref="DataType"/>.</summary>
public static class DataTypes
{
    private static readonly string[] Names =
        [.. Enum.GetValues<DataType>().Select(type => type.IsArray() && type != DataType.Embedding ? $"array<{Plain(type.Element())}>" : Plain(type))];

    /// <summary>Whether a value is a list of values, an embedding among them.</summary>
    public static bool IsArray(this DataType type) => type >= DataType.BoolArray;

    public static DataType Element(this DataType array) => array switch
    {
        DataType.BoolArray => DataType.Bool,
        DataType.Int64Array => DataType.Int64,
        DataType.Float32Array or DataType.Embedding => DataType.Float32,
        DataType.Float64Array => DataType.Float64,
        DataType.StringArray => DataType.String,
        DataType.TimestampArray => DataType.Timestamp,
        _ => throw new ArgumentOutOfRangeException(nameof(array), array, "This type has no elements."),
    };

    public static DataType ArrayOf(DataType element) => element switch
    {
        DataType.Bool => DataType.BoolArray,
        DataType.Int64 => DataType.Int64Array,
        DataType.Float32 => DataType.Float32Array,
        DataType.Float64 => DataType.Float64Array,
        DataType.String => DataType.StringArray,
        DataType.Timestamp => DataType.TimestampArray,
        _ => throw new ArgumentOutOfRangeException(nameof(element), element, "There are no arrays of arrays."),
    };

    /// <summary>As people write it: <c>float64</c>, <c>array&lt;string&gt;</c>.</summary>
    public static string Text(this DataType type) => Names[(int)type];

    /// <summary>The same with the dimension: <c>embedding&lt;128&gt;</c>.</summary>
    public static string TypeText(this ColumnSchema column) => column.Dimension is { } dimension ? $"{column.Type.Text()}<{dimension}>" : column.Type.Text();

    /// <summary>Whether a value of one type serves where the other is wanted: it is the same, or a number that becomes a float.</summary>
    public static bool Serves(this DataType given, DataType wanted) => given == wanted
        || (given.IsArray() && wanted.IsArray() ? given.Element().Serves(wanted.Element())
            : wanted is DataType.Float32 or DataType.Float64 && given is DataType.Int64 or DataType.Float32 or DataType.Float64);

    private static string Plain(DataType type) => type.ToString().ToLowerInvariant();
}
