using Slipway.Core.Errors;
using Slipway.Core.Tensors;

namespace Slipway.Inference;

/// <summary>
/// Checks what a caller sends against what the model declares, in the words that the clients of the Open Inference
/// Protocol know.
/// </summary>
internal sealed class OnnxInputs(string model, IReadOnlyList<TensorSpec> specs)
{
    /// <summary>The inputs in the order of the model.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when one is missing or unknown.</exception>
    public Tensor[] InOrder(IReadOnlyDictionary<string, Tensor> inputs)
    {
        foreach (var name in inputs.Keys)
        {
            if (!specs.Any(spec => spec.Name == name))
            {
                throw SlipwayException.Invalid($"unexpected inference input '{name}' for model '{model}'");
            }
        }

        var missing = specs.Where(spec => !inputs.ContainsKey(spec.Name)).Select(spec => spec.Name).ToList();
        if (missing.Count > 0)
        {
            throw SlipwayException.Invalid($"expected {specs.Count} inputs but got {inputs.Count} inputs for model '{model}'. " +
                $"Got input(s) [{Quoted(inputs.Keys)}], but missing required input(s) [{Quoted(missing)}]. " +
                "Please provide all required input(s).");
        }

        return [.. specs.Select(spec => inputs[spec.Name])];
    }

    /// <param name="inputs">One per input, in the order of the model.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when their number, a type or a shape is wrong.</exception>
    public void Check(IReadOnlyList<Tensor> inputs)
    {
        if (inputs.Count != specs.Count)
        {
            throw SlipwayException.Invalid($"expected {specs.Count} inputs but got {inputs.Count} inputs for model '{model}'");
        }

        for (var i = 0; i < specs.Count; i++)
        {
            Check(inputs[i], specs[i]);
        }
    }

    private void Check(Tensor input, TensorSpec spec)
    {
        if (input.Type != spec.Type)
        {
            throw SlipwayException.Invalid($"inference input '{spec.Name}' data-type is '{input.Type.Wire()}', " +
                $"but model '{model}' expects '{spec.Type.Wire()}'");
        }

        // A model that declares no shape looks like one that wants a scalar; ONNX Runtime decides there.
        long[] expected = [.. spec.Shape];
        if (expected.Length > 0 && !TensorShape.Fits(input.Shape, expected))
        {
            throw SlipwayException.Invalid($"unexpected shape for input '{spec.Name}' for model '{model}'. " +
                $"Expected {TensorShape.Text(expected)}, got {TensorShape.Text(input.Shape)}.");
        }
    }

    private static string Quoted(IEnumerable<string> names) => string.Join(",", names.Select(name => $"'{name}'"));
}
