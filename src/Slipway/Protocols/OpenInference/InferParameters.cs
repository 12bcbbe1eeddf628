using Slipway.Core.Errors;
using Slipway.Platform.Serving;

namespace Slipway.Protocols.OpenInference;

/// <summary>
/// Parameters of a request as they are met, from JSON and from gRPC alike. Values are bool, long, ulong, double or string. What
/// belongs to a sequence is taken and means nothing: no model here keeps a state between requests.
/// </summary>
internal sealed class InferParameters
{
    private const string FinalResponse = "triton_enable_empty_final_response";

    // A day: whoever would wait longer waits for as long as the server lets anybody wait.
    private const ulong MaxTimeoutUs = 86_400_000_000;

    private ulong priority;
    private TimeSpan? timeout;

    /// <summary>Whether outputs are wanted in binary form unless they say otherwise.</summary>
    public bool IsBinaryWanted { get; private set; }

    /// <summary>Whether a stream's answers shall say that they are the last of their request.</summary>
    public bool IsFinalMarked { get; private set; }

    public InferOptions Options(string? caller) => new(priority, timeout, caller);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a reserved name, or a value of a wrong type.</exception>
    public void Add(string name, object? value)
    {
        switch (name)
        {
            case "binary_data_output":
                IsBinaryWanted = value as bool? ?? throw WrongType(name, "a boolean");
                break;
            case "priority":
                priority = Whole(name, value);
                break;
            case "timeout":
                timeout = Whole(name, value) is > 0 and var us ? TimeSpan.FromMicroseconds((long)Math.Min(us, MaxTimeoutUs)) : null;
                break;
            case "sequence_id" when value is not string:
                Whole(name, value);
                break;
            case "sequence_start" or "sequence_end" when value is not bool:
                throw WrongType(name, "a boolean");
            case FinalResponse:
                IsFinalMarked = value as bool? ?? throw WrongType(name, "a boolean");
                break;
            default:
                CheckOther(name, value);
                break;
        }
    }

    private static void CheckOther(string name, object? value)
    {
        if (name.StartsWith("triton_", StringComparison.Ordinal))
        {
            throw SlipwayException.Invalid("parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified.");
        }

        if (value is not (bool or long or ulong or double or string))
        {
            throw WrongType(name, "a number, a boolean or a string");
        }
    }

    private static ulong Whole(string name, object? value) => value switch
    {
        ulong whole => whole,
        >= 0L and var whole => (ulong)(long)whole,
        _ => throw WrongType(name, "a whole number ≥ 0"),
    };

    private static SlipwayException WrongType(string name, string wanted) => SlipwayException.Invalid($"parameter '{name}' takes {wanted}");
}
