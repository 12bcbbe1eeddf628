using System.Buffers;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;

namespace Slipway.Protocols.OpenInference;

/// <summary>The bytes behind the JSON of a request, which its inputs take in their order.</summary>
/// <param name="rest">Null where the request says nothing of binary data.</param>
internal sealed class BinaryInputs(string model, ReadOnlySequence<byte>? rest)
{
    private ReadOnlySequence<byte> left = rest ?? default;

    /// <summary>How errors name the model.</summary>
    public string Model => model;

    /// <param name="size">What the input declares as its <c>binary_data_size</c>.</param>
    public Tensor Take(string name, TensorType type, long[] shape, long size)
    {
        if (rest is null)
        {
            throw SlipwayException.Invalid(
                "must specify valid 'Infer-Header-Content-Length' in request header and 'binary_data_size' when passing inputs in binary data format");
        }

        if (size < 0 || size > left.Length)
        {
            throw SlipwayException.Invalid(size < 0
                ? $"'binary_data_size' of input '{name}' is a whole number ≥ 0; got {size}"
                : $"unexpected size for input '{name}', expecting {size - left.Length} additional bytes for model '{model}'");
        }

        var tensor = TensorBytes.Read(type, shape, left.Slice(0, size), name, model);
        left = left.Slice(size);
        return tensor;
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when bytes are left that no input has taken.</exception>
    public void CheckAllTaken()
    {
        if (!left.IsEmpty)
        {
            throw SlipwayException.Invalid($"unexpected additional input data for model '{model}'");
        }
    }
}
