using System.Buffers;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Platform.Serving;

namespace Slipway.Protocols.OpenInference;

/// <summary>A request without JSON: the whole body is the one input of the model, in a batch of one, and all answers are binary.</summary>
internal static class RawRequest
{
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the model takes several inputs, or the shape cannot be
    /// told from the number of bytes.</exception>
    public static InferRequest Read(in ReadOnlySequence<byte> body, TensorModel model, string? caller)
    {
        if (model.Inputs is not [var input])
        {
            throw SlipwayException.Invalid($"a raw binary request needs a model of one input; model '{model.Name}' has {model.Inputs.Count}");
        }

        var tensor = input.Type == TensorType.Bytes
            ? Tensor.Of((byte[][])[body.ToArray()], ShapeOfText(input.Shape, model.Name))
            : TensorBytes.Read(input.Type, ShapeOf([.. input.Shape], body.Length / input.Type.ElementBytes(), model.Name), body, input.Name, model.Name);
        var inputs = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal) { [input.Name] = tensor };
        return new InferRequest(null, inputs, [], InferOptions.Default with { Caller = caller }, IsBinaryWanted: true);
    }

    /// <summary>An open first dimension is the batch, which is 1, unless it is the only one; another follows from the size.</summary>
    private static long[] ShapeOf(long[] shape, long elements, string model)
    {
        if (shape is [-1, _, ..])
        {
            shape[0] = 1;
        }

        if (shape.Count(dim => dim < 0) > 1)
        {
            throw SlipwayException.Invalid($"a raw binary request needs an input with one variable dimension at most; model '{model}' takes {TensorShape.Text(shape)}");
        }

        var open = Array.FindIndex(shape, dim => dim < 0);
        if (open >= 0)
        {
            var known = shape.Where(dim => dim >= 0).Aggregate(1L, (product, dim) => product * dim);
            shape[open] = known == 0 ? 0 : elements / known;
        }

        return shape;
    }

    private static long[] ShapeOfText(IReadOnlyList<long> shape, string model) =>
        shape is [1 or -1] or [-1, 1 or -1] or [1, 1 or -1]
            ? [.. shape.Select(_ => 1L)]
            : throw SlipwayException.Invalid(
                $"a raw binary request carries BYTES of one element only; model '{model}' takes {TensorShape.Text([.. shape])}");
}
