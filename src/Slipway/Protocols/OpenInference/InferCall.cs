using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Platform.Serving;

namespace Slipway.Protocols.OpenInference;

/// <summary>One inference, whatever the request came as.</summary>
internal static class InferCall
{
    /// <returns>The outputs as they were asked for, classes in place of those that want them.</returns>
    /// <exception cref="SlipwayException">As of the service; the message begins with the request's id where it has one, for those
    /// who send many at a time over one stream.</exception>
    public static async Task<TensorAnswer> RunAsync(
        ServingService serving, string model, string? version, InferRequest request, CancellationToken cancel)
    {
        try
        {
            var answer = await serving.InferAsync(model, version, request.Inputs, request.OutputNames, request.Id, request.Options, cancel);
            return request.Outputs.Any(output => output.Classes > 0) ? Classified(serving, request, answer) : answer;
        }
        catch (SlipwayException failure) when (!string.IsNullOrEmpty(request.Id))
        {
            throw new SlipwayException(failure.Kind, $"[request id: {request.Id}] {failure.Message}", failure) { RetryAfter = failure.RetryAfter };
        }
    }

    private static TensorAnswer Classified(ServingService serving, InferRequest request, TensorAnswer answer)
    {
        var specs = serving.Describe(answer.Name, answer.Version).Outputs;
        var outputs = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, tensor) in answer.Outputs)
        {
            var isBatch = specs.First(spec => spec.Name == name).Shape is [-1, ..];
            outputs.Add(name, request.Classes(name) is > 0 and var classes ? Classification.Of(name, tensor, classes, isBatch) : tensor);
        }

        return answer with { Outputs = outputs };
    }
}
