using Slipway.Core.Data;

namespace Slipway.Core.Expressions;

/// <summary>
/// What does not give null just because an argument is null: three-valued logic, tests for null, choices, and
/// <c>min</c>/<c>max</c>, which skip nulls as SQL's least and greatest do. Arguments are of one type already.
/// </summary>
internal static class Forms
{
    public static Node And(Node a, Node b) => Logic(a, b, decisive: false, $"({a.Sql} and {b.Sql})");

    public static Node Or(Node a, Node b) => Logic(a, b, decisive: true, $"({a.Sql} or {b.Sql})");

    public static Node Not(Node a) => Node.Map<bool, bool>(DataType.Bool, a, (bool x, out bool r) =>
    {
        r = !x;
        return true;
    }, $"(not {a.Sql})");

    public static Node IsNull<T>(Node a)
    {
        var read = a.Read<T>();
        return New<bool>(DataType.Bool, (frame, out result) =>
        {
            result = !read(frame, out _);
            return true;
        }, $"({a.Sql} is null)");
    }

    public static Node Coalesce<T>(DataType type, Node[] args)
    {
        var reads = Reads<T>(args);
        return New<T>(type, (frame, out result) =>
        {
            foreach (var read in reads)
            {
                if (read(frame, out result))
                {
                    return true;
                }
            }

            result = default!;
            return false;
        }, $"coalesce({Join(args)})");
    }

    /// <summary>The value of the first condition that is true, otherwise the last: a condition that is null is not true.</summary>
    /// <param name="values">One more than there are conditions.</param>
    public static Node Case<T>(DataType type, Node[] conditions, Node[] values)
    {
        var (tests, reads) = (Reads<bool>(conditions), Reads<T>(values));
        var branches = string.Join(' ', conditions.Zip(values, (condition, value) => $"when {condition.Sql} then {value.Sql}"));
        return New<T>(type, (frame, out result) =>
        {
            for (var i = 0; i < tests.Length; i++)
            {
                if (tests[i](frame, out var holds) && holds)
                {
                    return reads[i](frame, out result);
                }
            }

            return reads[^1](frame, out result);
        }, $"(case {branches} else {values[^1].Sql} end)");
    }

    /// <summary>The first, or null where both are equal.</summary>
    public static Node NullIf<T>(DataType type, Node a, Node b, Func<T, T, int> order)
    {
        var (readA, readB) = (a.Read<T>(), b.Read<T>());
        return New<T>(
            type,
            (frame, out result) => readA(frame, out result) && !(readB(frame, out var other) && order(result, other) == 0),
            // DuckDB writes nullif and between out, with an argument repeated; as fields of v all are computed once however deep they nest.
            $"list_transform([{{'a': {a.Sql}, 'b': {b.Sql}}}], lambda v: nullif(v.a, v.b))[1]");
    }

    /// <summary>Both ends included; of a bound that is null only a false of the other decides.</summary>
    public static Node Between<T>(Node value, Node least, Node most, Func<T, T, int> order)
    {
        var (read, readLeast, readMost) = (value.Read<T>(), least.Read<T>(), most.Read<T>());
        return New<bool>(DataType.Bool, (frame, out result) =>
        {
            result = false;
            if (!read(frame, out var x))
            {
                return false;
            }

            var (knownLeast, knownMost) = (readLeast(frame, out var a), readMost(frame, out var b));
            var outside = (knownLeast && order(x, a) < 0) || (knownMost && order(x, b) > 0);
            result = !outside;
            return outside || (knownLeast && knownMost);
        }, $"list_transform([{{'x': {value.Sql}, 'a': {least.Sql}, 'b': {most.Sql}}}], lambda v: v.x between v.a and v.b)[1]");
    }

    /// <param name="sign">+1 for the greatest, −1 for the least.</param>
    public static Node Extreme<T>(DataType type, Node[] args, Func<T, T, int> order, int sign)
    {
        var reads = Reads<T>(args);
        return New<T>(type, (frame, out result) =>
        {
            var found = false;
            result = default!;
            foreach (var read in reads)
            {
                if (read(frame, out var value) && (!found || order(value, result) * sign > 0))
                {
                    result = value;
                    found = true;
                }
            }

            return found;
        }, $"{(sign > 0 ? "greatest" : "least")}({Join(args)})");
    }

    /// <summary>True when equal to one; null when equal to none and either side holds a null; else false.</summary>
    public static Node In<T>(Node[] args, Func<T, T, int> order)
    {
        var wanted = args[0].Read<T>();
        var reads = Reads<T>(args[1..]);
        return New<bool>(DataType.Bool, (frame, out result) =>
        {
            result = false;
            if (!wanted(frame, out var value))
            {
                return false;
            }

            var known = true;
            foreach (var read in reads)
            {
                var present = read(frame, out var candidate);
                known &= present;
                result |= present && order(value, candidate) == 0;
            }

            return result || known;
        }, $"({args[0].Sql} in ({Join(args[1..])}))");
    }

    /// <summary>Kleene's and / or: one decisive operand settles it, whatever the other; otherwise null beats the rest.</summary>
    private static Node Logic(Node a, Node b, bool decisive, string sql)
    {
        var (readA, readB) = (a.Read<bool>(), b.Read<bool>());
        return New<bool>(DataType.Bool, (frame, out result) =>
        {
            var knownA = readA(frame, out var x);
            if (knownA && x == decisive)
            {
                result = decisive;
                return true;
            }

            var knownB = readB(frame, out var y);
            result = knownB && y == decisive ? decisive : !decisive;
            return result == decisive || (knownA && knownB);
        }, sql);
    }

    private static Node New<T>(DataType type, Read<T> read, string sql) => new(type, read, sql);

    private static Read<T>[] Reads<T>(Node[] args) => [.. args.Select(a => a.Read<T>())];

    private static string Join(IEnumerable<Node> args) => string.Join(", ", args.Select(a => a.Sql));
}
