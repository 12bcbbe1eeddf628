using System.Diagnostics;
using Slipway.Core.Tensors;
using Tensor = Slipway.Core.Tensors.Tensor;

namespace Slipway.Inference.Batching;

/// <summary>
/// Whether a row's answer is the same alone and in company. No shape can say so — a model may rank its rows, sum over them, or add
/// numbers in another order when there are more — so it is tried: random rows alone, and the same rows together in several sizes.
/// </summary>
internal static class RowIndependence
{
    private const int Seed = 17;

    // Odd sizes, and one beyond the largest block that the kernels of matrix products take at once.
    private static readonly int[] Sizes = [2, 3, 5, 16, 67];
    private static readonly TimeSpan Costly = TimeSpan.FromMilliseconds(2);

    /// <summary>Whether the first axis of every input and output is for rows.</summary>
    public static bool HasRows(IEnumerable<TensorSpec> inputs, IEnumerable<TensorSpec> outputs) =>
        inputs.Concat(outputs).All(spec => spec.Shape is [-1, ..]);

    /// <summary>Whether all answers are equal bit by bit. A model that cannot process the trial counts as one that is not.</summary>
    public static bool Holds(TensorEngine engine, IReadOnlyList<TensorSpec> inputs, IReadOnlyList<TensorSpec> outputs)
    {
        var random = new Random(Seed);
        string[] names = [.. outputs.Select(output => output.Name)];
        try
        {
            engine.Try(Row(inputs, random), names);
            var started = Stopwatch.GetTimestamp();
            engine.Try(Row(inputs, random), names);
            var sizes = Stopwatch.GetElapsedTime(started) < Costly ? Sizes : Sizes[..3];
            Tensor[][] rows = [.. Enumerable.Range(0, sizes[^1]).Select(_ => Row(inputs, random))];
            Tensor[][] alone = [.. rows.Select(row => engine.Try(row, names))];
            return sizes.All(size => AnswersAlike(engine, names, rows[..size], alone));
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return false;
        }
    }

    private static bool AnswersAlike(TensorEngine engine, string[] outputs, Tensor[][] rows, Tensor[][] alone)
    {
        Tensor[] joined = [.. rows[0].Select((_, i) => TensorRows.Join([.. rows.Select(row => row[i])]))];
        var together = engine.Try(joined, outputs);
        return together.All(output => output.Shape is [var length, ..] && length == rows.Length)
            && Enumerable.Range(0, rows.Length).All(row => together.Zip(alone[row])
                .All(pair => TensorRows.Same(TensorRows.Cut(pair.First, row, 1), pair.Second)));
    }

    private static Tensor[] Row(IReadOnlyList<TensorSpec> inputs, Random random) => [.. inputs.Select(spec => Draw(spec, random))];

    /// <summary>Small numbers, which are legal as values and as indices.</summary>
    private static Tensor Draw(TensorSpec spec, Random random)
    {
        var tensor = Tensor.Zeros(spec.Type, [1, .. spec.Shape.Skip(1).Select(dim => dim < 0 ? 2 : dim)]);
        switch (tensor.Type)
        {
            case TensorType.Float16:
                Fill(tensor.Values<Half>(), () => (Half)Number(random));
                break;
            case TensorType.Float32:
                Fill(tensor.Values<float>(), () => (float)Number(random));
                break;
            case TensorType.Float64:
                Fill(tensor.Values<double>(), () => Number(random));
                break;
            case TensorType.Bytes:
                Fill(tensor.Values<byte[]>(), () => [(byte)('a' + random.Next(26))]);
                break;
            default:
                var size = tensor.Type.ElementBytes();
                for (var i = 0; i < tensor.Count; i++)
                {
                    tensor.Raw[i * size] = (byte)random.Next(2);
                }

                break;
        }

        return tensor;
    }

    private static double Number(Random random) => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-1, 3));

    private static void Fill<T>(Span<T> values, Func<T> draw)
    {
        foreach (ref var value in values)
        {
            value = draw();
        }
    }
}
