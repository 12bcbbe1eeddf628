using Slipway.Core.Tensors;

namespace Slipway.Protocols.TensorFlowServing;

/// <summary>TensorFlow's names of the element types.</summary>
internal static class TensorFlowTypes
{
    private static readonly (string Name, string Enum)[] Known =
    [
        ("bool", "DT_BOOL"), ("uint8", "DT_UINT8"), ("uint16", "DT_UINT16"), ("uint32", "DT_UINT32"), ("uint64", "DT_UINT64"),
        ("int8", "DT_INT8"), ("int16", "DT_INT16"), ("int32", "DT_INT32"), ("int64", "DT_INT64"),
        ("half", "DT_HALF"), ("float", "DT_FLOAT"), ("double", "DT_DOUBLE"), ("string", "DT_STRING"),
    ];

    public static string Name(TensorType type) => Known[(int)type].Name;

    public static string Enum(TensorType type) => Known[(int)type].Enum;
}
