using System.Globalization;

namespace Slipway.Protocols.Mlflow;

/// <summary>An enum of the protocol, whose values clients send by name or by number.</summary>
/// <param name="values">Name, number and our value of each.</param>
internal sealed class MlflowEnum<T>(params (string Name, int Number, T Value)[] values)
    where T : struct, Enum
{
    private readonly Dictionary<T, string> names = values.ToDictionary(v => v.Value, v => v.Name);

    public string Name(T value) => names[value];

    /// <returns>Null when absent.</returns>
    public T? Read(MlflowCall call, string field)
    {
        if (call.Text(field) is not { Length: > 0 } text)
        {
            return null;
        }

        foreach (var (name, number, value) in values)
        {
            if (name == text || number.ToString(CultureInfo.InvariantCulture) == text)
            {
                return value;
            }
        }

        throw MlflowException.Invalid(
            $"Invalid value \"{text}\" for parameter '{field}' supplied: it is one of {string.Join(", ", values.Select(v => v.Name))}.");
    }
}
