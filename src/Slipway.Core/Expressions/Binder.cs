using System.Globalization;
using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Core.Expressions;

/// <summary>Gives names and types their meaning: syntax in, compiled nodes out.</summary>
internal sealed class Binder(string text, IReadOnlyList<ColumnSchema> columns)
{
    private static readonly ILookup<string, Overload> Overloads = new[]
    {
        Arithmetic.Overloads(), MathFunctions.Overloads(), Comparisons.Overloads(), DateFunctions.Overloads(), TextFunctions.Overloads(),
        TextConversions.Overloads(),
    }.SelectMany(o => o).ToLookup(o => o.Name, StringComparer.Ordinal);

    private readonly List<ColumnSchema> inputs = [];

    /// <summary>The columns that occur, in the order of their slots.</summary>
    public IReadOnlyList<ColumnSchema> Inputs => inputs;

    public Node Bind(Syntax syntax) => syntax switch
    {
        Literal { Type: null } => Node.Null,
        Literal literal => Node.Constant(literal.Type.Value, literal.Value!),
        Reference reference => Input(reference),
        Call { Function: "timestamp" } call => Timestamp(call),
        Call { Function: "date_trunc", Arguments.Count: 2 } call => Truncated(call, Bind(call.Arguments[1])),
        Call { Function: "round", Arguments.Count: 2 } call => Rounded(call, Bind(call.Arguments[0])),
        Call call => Apply(call, [.. call.Arguments.Select(Bind)]),
        _ => throw new InvalidOperationException($"Unknown syntax {syntax.GetType().Name}."),
    };

    private Node Input(Reference reference)
    {
        var slot = inputs.FindIndex(c => c.Name == reference.Column);
        if (slot < 0)
        {
            slot = inputs.Count;
            inputs.Add(columns.FirstOrDefault(c => c.Name == reference.Column) ?? throw At(reference,
                $"there is no column '{reference.Column}'; there are {string.Join(", ", columns.Select(c => c.Name))}."));
        }

        return inputs[slot].Type.IsArray()
            ? throw At(reference, $"'{reference.Column}' is {inputs[slot].Type.Text()}; formulas compute with single values.")
            : Node.Input(slot, inputs[slot]);
    }

    private Node Apply(Call call, Node[] args) => call.Function switch
    {
        "and" => Count(call, args, 2, 2, () => Forms.And(Truth(call, args, 0), Truth(call, args, 1))),
        "or" => Count(call, args, 2, 2, () => Forms.Or(Truth(call, args, 0), Truth(call, args, 1))),
        "not" => Count(call, args, 1, 1, () => Forms.Not(Truth(call, args, 0))),
        "is null" => OfOneType(call, args, 0),
        "coalesce" or "min" or "max" => Count(call, args, 1, int.MaxValue, () => OfOneType(call, args, 0)),
        "in" => Count(call, args, 2, int.MaxValue, () => OfOneType(call, args, 0)),
        "between" => OfOneType(call, args, 0),
        "nullif" => Count(call, args, 2, 2, () => OfOneType(call, args, 0)),
        "if" => Count(call, args, 3, 3, () => Case(call, args)),
        "case" => Case(call, args),
        "concat" => Count(call, args, 1, int.MaxValue, () => args.Aggregate((a, b) => Overloaded(call, "||", [a, b]))),
        _ => Overloaded(call, call.Function, args),
    };

    private Node Count(Call call, Node[] args, int least, int most, Func<Node> build) =>
        args.Length >= least && args.Length <= most ? build() : throw At(call, string.Create(CultureInfo.InvariantCulture,
            $"{call.Function} takes {(least == most ? "" : "at least ")}{least} argument{(least == 1 ? "" : "s")}, got {args.Length}."));

    private Node Truth(Call call, Node[] args, int i) => args[i].To(DataType.Bool)
        ?? throw At(call.Arguments[i], $"{call.Function} asks for a bool, not {Name(args[i].Type)}.");

    /// <summary>The forms whose arguments, from <paramref name="first"/> on, share one type.</summary>
    private Node OfOneType(Call call, Node[] args, int first)
    {
        var type = args[first..].Select(a => a.Type).FirstOrDefault(t => t is not null) ?? DataType.Int64;
        if (type == DataType.Int64 && args[first..].Any(a => a.Type == DataType.Float64))
        {
            type = DataType.Float64;
        }

        var same = args.Select((arg, i) => i < first ? arg : arg.To(type) ?? throw At(
            call.Arguments[i], $"{call.Function} asks for values of one type; this is {Name(arg.Type)}, not {Name(type)}."));
        return type switch
        {
            DataType.Bool => Form<bool>(call, type, [.. same], Comparisons.Order),
            DataType.Float64 => Form<double>(call, type, [.. same], Comparisons.Order),
            DataType.String => Form<string>(call, type, [.. same], Comparisons.Order),
            _ => Form<long>(call, type, [.. same], Comparisons.Order),
        };
    }

    private Node Form<T>(Call call, DataType type, Node[] args, Func<T, T, int> order) => call.Function switch
    {
        "is null" => Forms.IsNull<T>(args[0]),
        "coalesce" => Forms.Coalesce<T>(type, args),
        "between" => Forms.Between(args[0], args[1], args[2], order),
        "nullif" => Forms.NullIf(type, args[0], args[1], order),
        "if" or "case" => Forms.Case<T>(type, [.. args[..(args.Length / 2)]], [.. args[(args.Length / 2)..]]),
        "min" => Forms.Extreme(type, args, order, -1),
        "max" => Forms.Extreme(type, args, order, +1),
        "in" => Forms.In(args, order),
        _ => throw new InvalidOperationException($"Unknown form {call.Function}."),
    };

    /// <summary>Arguments as written, condition and value by turns and a last value: the conditions go first, so that the values stand together.</summary>
    private Node Case(Call call, Node[] args)
    {
        var conditions = Enumerable.Range(0, args.Length / 2).Select(i => Truth(call, args, 2 * i));
        var places = Enumerable.Range(0, args.Length).Where(i => i % 2 == 0).SkipLast(1)
            .Concat(Enumerable.Range(0, args.Length).Where(i => i % 2 == 1)).Append(args.Length - 1).ToArray();
        var ordered = call with { Arguments = [.. places.Select(i => call.Arguments[i])] };
        return OfOneType(ordered, [.. conditions, .. places[(args.Length / 2)..].Select(i => args[i])], args.Length / 2);
    }

    /// <remarks>DuckDB takes a bare date_trunc that is compared with a constant for true or false where its timestamp is null.</remarks>
    private Node Truncated(Call call, Node time) =>
        call.Arguments[0] is Literal { Value: string unit } && DateFunctions.Truncation(unit) is { } function
            ? time.To(DataType.Timestamp) is { } timestamp
                ? Node.Map(DataType.Timestamp, timestamp, function, $"make_timestamp(epoch_us(date_trunc('{unit}', {timestamp.Sql})))")
                : throw At(call.Arguments[1], $"date_trunc takes a timestamp, not {Name(time.Type)}.")
            : throw At(call.Arguments[0], $"date_trunc takes one of {string.Join(", ", DateFunctions.TruncationUnits)} in quotes.");

    private Node Rounded(Call call, Node value) =>
        call.Arguments[1] is Literal { Value: long digits and >= 0 and <= 15 }
            ? value.To(DataType.Float64) is { } number
                ? MathFunctions.Round(number, (int)digits)
                : throw At(call.Arguments[0], $"round takes a number, not {Name(value.Type)}.")
            : throw At(call.Arguments[1], "round takes the digits as a whole number from 0 to 15.");

    /// <summary>The overload that needs the fewest widenings; the first of equals.</summary>
    private Node Overloaded(Call call, string name, Node[] args)
    {
        var named = Overloads[name].ToList();
        var best = named
            .Where(o => o.Parameters.Length == args.Length)
            .Select(o => (Overload: o, Args: o.Parameters.Zip(args, (type, arg) => arg.To(type)).ToArray()))
            .Where(o => o.Args.All(a => a is not null))
            .OrderBy(o => o.Overload.Parameters.Zip(args).Count(pair => pair.Second.Type is { } type && type != pair.First))
            .FirstOrDefault();
        if (best.Overload is not null)
        {
            return best.Overload.Build(best.Args!);
        }

        throw At(call, named.Count == 0
            ? $"there is no function '{name}'."
            : $"{name} does not take ({string.Join(", ", args.Select(a => Name(a.Type)))}); there is {string.Join(", ", named)}.");
    }

    private Node Timestamp(Call call) =>
        call.Arguments is [Literal { Value: string written }]
        && DateTimeOffset.TryParse(written, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? Node.Constant(DataType.Timestamp, (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond)
            : throw At(call, "timestamp takes one ISO 8601 time in quotes, as in timestamp('2001-04-01T00:00:00Z').");

    private static string Name(DataType? type) => type?.Text() ?? "null";

    private SlipwayException At(Syntax syntax, string problem) => ExpressionError.At(text, syntax.Position, problem);
}
