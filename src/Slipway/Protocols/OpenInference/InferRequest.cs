using Slipway.Core.Tensors;
using Slipway.Platform.Serving;

namespace Slipway.Protocols.OpenInference;

/// <param name="Id">Echoed in the answer; null when the request has none.</param>
/// <param name="Inputs">In the order of the request.</param>
/// <param name="Outputs">The outputs wanted; empty for all.</param>
/// <param name="Options">What its parameters ask for.</param>
/// <param name="IsBinaryWanted">Whether outputs that say nothing themselves are answered in binary form.</param>
internal sealed record InferRequest(
    string? Id, OrderedDictionary<string, Tensor> Inputs, IReadOnlyList<WantedOutput> Outputs, InferOptions Options, bool IsBinaryWanted)
{
    public IReadOnlyList<string> OutputNames => Outputs.Count == 0 ? [] : [.. Outputs.Select(output => output.Name)];

    public bool IsBinary(string output) => Find(output)?.IsBinary ?? IsBinaryWanted;

    /// <summary>How many classes of the output are wanted in place of the output itself; 0 for the output.</summary>
    public int Classes(string output) => Find(output)?.Classes ?? 0;

    private WantedOutput? Find(string name) => Outputs.FirstOrDefault(output => output.Name == name);
}

/// <param name="IsBinary">Null leaves it to the request.</param>
/// <param name="Classes">See <see cref="InferRequest.Classes"/>.</param>
internal sealed record WantedOutput(string Name, bool? IsBinary = null, int Classes = 0);
