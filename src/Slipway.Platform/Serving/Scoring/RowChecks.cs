using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Serving.Scoring;

/// <summary>The inputs of a model as SQL over the rows of a file: the number that each is, and why a row cannot be scored.</summary>
internal sealed class RowChecks
{
    private readonly List<string> reasons = [];

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the file lacks an input, or has it in a type that is no number.</exception>
    public RowChecks(ScoringModel model, ScoringFile file)
    {
        Values = [.. model.Inputs.Select(input => Value(model, file, input))];
    }

    /// <summary>A double for each input, in the model's order; null where the value is missing.</summary>
    public IReadOnlyList<string> Values { get; }

    /// <summary>The first reason that holds, as text; null for a row that can be scored.</summary>
    public string Reason => reasons.Count == 0 ? "null::varchar" : $"case {string.Join(' ', reasons)} end";

    /// <summary>Whether any row could be rejected.</summary>
    public bool CanReject => reasons.Count > 0;

    private string Value(ScoringModel model, ScoringFile file, ColumnSchema input)
    {
        if (!file.Columns.TryGetValue(input.Name, out var type))
        {
            throw SlipwayException.Invalid(
                $"'{file.Name}' has no column '{input.Name}', which model '{model.Name}' takes; it has {string.Join(", ", file.Columns.Keys)}.");
        }

        var column = Sql.Name(input.Name);
        var value = type switch
        {
            "VARCHAR" when input.Type == DataType.Bool => $"case when {column} in ('0', '1') then {column}::double else try_cast({column} as boolean)::integer::double end",
            "VARCHAR" => $"try_cast({column} as double)",
            "BOOLEAN" => $"{column}::integer::double",
            "FLOAT" or "DOUBLE" => $"{column}::double",
            _ when type.EndsWith("INT", StringComparison.Ordinal) || type == "INTEGER" || type.StartsWith("DECIMAL", StringComparison.Ordinal) => $"{column}::double",
            _ => throw SlipwayException.Invalid(
                $"Column '{input.Name}' of '{file.Name}' is a {type}; model '{model.Name}' takes a {input.Type.Text()} there."),
        };
        if (type == "VARCHAR")
        {
            Reject($"{column} is not null and {value} is null", input, $"is ''' || {column} || ''', which is not {Kind(input.Type)}");
        }

        if (!input.Nullable)
        {
            Reject($"{column} is null", input, "is missing");
        }

        if (input.Type == DataType.Int64 && type is "VARCHAR" or "FLOAT" or "DOUBLE" || (input.Type == DataType.Int64 && type.StartsWith("DECIMAL", StringComparison.Ordinal)))
        {
            Reject($"{value} <> trunc({value})", input, $"is ' || {column}::varchar || ', which is not a whole number");
        }

        if (input.Type == DataType.Bool && type != "BOOLEAN")
        {
            Reject($"{value} not in (0, 1)", input, $"is ' || {column}::varchar || ', which is neither true nor false");
        }

        return value;
    }

    private static string Kind(DataType type) => type == DataType.Int64 ? "a whole number" : type == DataType.Bool ? "true or false" : "a number";

    /// <param name="text">SQL text without its outer quotes.</param>
    private void Reject(string when, ColumnSchema input, string text) =>
        reasons.Add($"when {when} then '{input.Name.Replace("'", "''", StringComparison.Ordinal)} {text}'");
}
