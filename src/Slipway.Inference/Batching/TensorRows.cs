using Slipway.Core.Tensors;

namespace Slipway.Inference.Batching;

/// <summary>Tensors put together and cut apart along the first axis.</summary>
internal static class TensorRows
{
    /// <param name="parts">Of one type, equal in all but the first dimension.</param>
    public static Tensor Join(IReadOnlyList<Tensor> parts)
    {
        if (parts.Count == 1)
        {
            return parts[0];
        }

        var joined = Tensor.Zeros(parts[0].Type, [parts.Sum(part => part.Shape[0]), .. parts[0].Shape[1..]]);
        var at = 0;
        foreach (var part in parts)
        {
            Copy(part, 0, joined, at, part.Count);
            at += part.Count;
        }

        return joined;
    }

    /// <param name="start">In rows.</param>
    public static Tensor Cut(Tensor tensor, long start, long rows)
    {
        if (rows == tensor.Shape[0])
        {
            return tensor;
        }

        var cut = Tensor.Zeros(tensor.Type, [rows, .. tensor.Shape[1..]]);
        var width = (int)(tensor.Count / tensor.Shape[0]);
        Copy(tensor, (int)start * width, cut, 0, cut.Count);
        return cut;
    }

    /// <summary>The same bits everywhere.</summary>
    public static bool Same(Tensor a, Tensor b) => a.Type == b.Type && a.Shape.SequenceEqual(b.Shape)
        && (a.Type == TensorType.Bytes
            ? a.Values<byte[]>().ToArray().Zip(b.Values<byte[]>().ToArray(), (x, y) => x.AsSpan().SequenceEqual(y)).All(same => same)
            : a.Raw.SequenceEqual(b.Raw));

    private static void Copy(Tensor from, int start, Tensor to, int at, int count)
    {
        if (from.Type == TensorType.Bytes)
        {
            from.Values<byte[]>().Slice(start, count).CopyTo(to.Values<byte[]>()[at..]);
            return;
        }

        var size = from.Type.ElementBytes();
        from.Raw.Slice(start * size, count * size).CopyTo(to.Raw[(at * size)..]);
    }
}
