using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Tensor = Slipway.Core.Tensors.Tensor;

namespace Slipway.Inference;

/// <summary>Tensors across the border to native memory: pinned on the way in, copied on the way out.</summary>
internal static class OrtTensors
{
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unsupported"/> for sequences, maps, sparse tensors and
    /// element types the inference protocol has no name for.</exception>
    public static TensorSpec Spec(string model, string name, NodeMetadata metadata)
    {
        if (!metadata.IsTensor)
        {
            throw new SlipwayException(ErrorKind.Unsupported, $"'{name}' of model '{model}' is not a tensor " +
                $"({metadata.OnnxValueType}); export the model without it (scikit-learn: zipmap=False).");
        }

        var type = TypeOf(model, name, metadata.ElementDataType);
        return new TensorSpec(name, type, [.. metadata.Dimensions.Select(dim => (long)dim)]);
    }

    /// <summary>A native view of the tensor's own memory, valid until the pin is freed; BYTES are copied.</summary>
    public static OrtValue Wrap(Tensor tensor, out GCHandle pin)
    {
        pin = default;
        if (tensor.Type == TensorType.Bytes)
        {
            return WrapText(tensor);
        }

        pin = GCHandle.Alloc(tensor.Buffer, GCHandleType.Pinned);
        return OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance,
            ElementType(tensor.Type), tensor.Shape.ToArray(), pin.AddrOfPinnedObject(), tensor.Raw.Length);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unsupported"/> as for <see cref="Spec"/>.</exception>
    public static Tensor Copy(string model, string name, OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        var tensor = Tensor.Zeros(TypeOf(model, name, info.ElementDataType), info.Shape);
        if (tensor.Type != TensorType.Bytes)
        {
            value.GetTensorMutableRawData().CopyTo(tensor.Raw);
            return tensor;
        }

        var elements = tensor.Values<byte[]>();
        for (var i = 0; i < elements.Length; i++)
        {
            elements[i] = value.GetStringElementAsSpan(i).ToArray();
        }

        return tensor;
    }

    private static OrtValue WrapText(Tensor tensor)
    {
        var value = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, tensor.Shape.ToArray());
        var elements = tensor.Values<byte[]>();
        for (var i = 0; i < elements.Length; i++)
        {
            value.StringTensorSetElementAt(elements[i].AsSpan(), i);
        }

        return value;
    }

    private static TensorType TypeOf(string model, string name, TensorElementType type) => type switch
    {
        TensorElementType.Bool => TensorType.Bool,
        TensorElementType.UInt8 => TensorType.UInt8,
        TensorElementType.UInt16 => TensorType.UInt16,
        TensorElementType.UInt32 => TensorType.UInt32,
        TensorElementType.UInt64 => TensorType.UInt64,
        TensorElementType.Int8 => TensorType.Int8,
        TensorElementType.Int16 => TensorType.Int16,
        TensorElementType.Int32 => TensorType.Int32,
        TensorElementType.Int64 => TensorType.Int64,
        TensorElementType.Float16 => TensorType.Float16,
        TensorElementType.Float => TensorType.Float32,
        TensorElementType.Double => TensorType.Float64,
        TensorElementType.String => TensorType.Bytes,
        _ => throw new SlipwayException(
            ErrorKind.Unsupported, $"'{name}' of model '{model}' holds elements of type {type}, which are not served."),
    };

    private static TensorElementType ElementType(TensorType type) => type switch
    {
        TensorType.Bool => TensorElementType.Bool,
        TensorType.UInt8 => TensorElementType.UInt8,
        TensorType.UInt16 => TensorElementType.UInt16,
        TensorType.UInt32 => TensorElementType.UInt32,
        TensorType.UInt64 => TensorElementType.UInt64,
        TensorType.Int8 => TensorElementType.Int8,
        TensorType.Int16 => TensorElementType.Int16,
        TensorType.Int32 => TensorElementType.Int32,
        TensorType.Int64 => TensorElementType.Int64,
        TensorType.Float16 => TensorElementType.Float16,
        TensorType.Float32 => TensorElementType.Float,
        TensorType.Float64 => TensorElementType.Double,
        TensorType.Bytes => TensorElementType.String,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}
