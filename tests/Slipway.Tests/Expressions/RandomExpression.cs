using System.Globalization;
using Slipway.Core.Data;

namespace Slipway.Tests.Expressions;

/// <summary>Draws well-typed formulas over the columns i, j (int64), x, y (float64), s, t (string), b (bool), d, e (timestamp).</summary>
internal sealed class RandomExpression(Random random)
{
    public string Next(DataType type, int depth) => depth <= 0 ? Leaf(type) : type switch
    {
        DataType.Int64 => Integer(depth - 1),
        DataType.Float64 => Float(depth - 1),
        DataType.String => Text(depth - 1),
        DataType.Bool => Bool(depth - 1),
        _ => Timestamp(depth - 1),
    };

    private string Leaf(DataType type) => type switch
    {
        DataType.Int64 => Pick("i", "j", "0", "1", "7", "-3", "9223372036854775807", "coalesce(i, 2)"),
        DataType.Float64 => Pick("x", "y", "0.0", "7.5", "-0.1", "1e10", "1e-3", "i"),
        DataType.String => Pick("s", "t", "''", "'it''s'", "'Ab'", "'é'", "' 12,a '", "'-7.5e2'"),
        DataType.Bool => Pick("b", "true", "false", "null", "(i is null)"),
        _ => Pick("d", "e", "timestamp('2001-02-03T04:05:06.789Z')"),
    };

    private string Integer(int depth) => random.Next(11) switch
    {
        7 => $"{Pick("div", "abs", "sign")}({Next(DataType.Int64, depth)})" is var call && call.StartsWith("div", StringComparison.Ordinal)
            ? $"div({Next(DataType.Int64, depth)}, {Next(DataType.Int64, depth)})" : call,
        8 => $"sign({Next(DataType.Float64, depth)})",
        9 => $"position({Next(DataType.String, depth)}, {Next(DataType.String, depth)})",
        10 => Pick($"int({Next(DataType.String, depth)})", $"months_between({Next(DataType.Timestamp, depth)}, {Next(DataType.Timestamp, depth)})", $"quarter({Next(DataType.Timestamp, depth)})"),
        0 or 1 => $"({Next(DataType.Int64, depth)} {Pick("+", "-", "*", "%")} {Next(DataType.Int64, depth)})",
        2 => $"{Pick("abs", "-")}({Next(DataType.Int64, depth)})",
        3 => $"{Pick("hour", "minute", "second", "weekday", "day_of_month", "day_of_year", "month", "year")}({Next(DataType.Timestamp, depth)})",
        4 => $"length({Next(DataType.String, depth)})",
        5 => $"int({Next(random.Next(2) == 0 ? DataType.Float64 : DataType.Bool, depth)})",
        _ => Choice(DataType.Int64, depth),
    };

    private string Float(int depth) => random.Next(11) switch
    {
        7 => $"power({Next(DataType.Float64, depth)}, {Pick("2", "0.5", "-1", "0", Next(DataType.Float64, depth))})",
        8 => $"{Pick("log2", "log10", "trunc")}({Next(DataType.Float64, depth)})",
        9 => $"round({Next(DataType.Float64, depth)}, {random.Next(4).ToString(CultureInfo.InvariantCulture)})",
        10 => $"float({Next(random.Next(2) == 0 ? DataType.String : DataType.Int64, depth)})",
        0 or 1 => $"({Next(DataType.Float64, depth)} {Pick("+", "-", "*", "/", "%")} {Next(DataType.Float64, depth)})",
        2 => $"({Next(DataType.Int64, depth)} / {Next(DataType.Int64, depth)})",
        3 => $"{Pick("abs", "floor", "ceil", "round", "-")}({Next(DataType.Float64, depth)})",
        4 => $"{Pick("exp", "log", "sqrt")}({Next(DataType.Float64, depth)})",
        5 => $"{Pick("seconds", "minutes", "hours", "days")}_between({Next(DataType.Timestamp, depth)}, {Next(DataType.Timestamp, depth)})",
        _ => Choice(DataType.Float64, depth),
    };

    private string Text(int depth) => random.Next(9) switch
    {
        5 => $"{Pick("trim", "ltrim", "rtrim")}({Next(DataType.String, depth)})",
        6 => $"substring({Next(DataType.String, depth)}, {Pick("1", "2", "0", "j")}{Pick("", ", 1", ", 2", ", j")})",
        7 => $"replace({Next(DataType.String, depth)}, {Pick("'a'", "''", "'1'", Next(DataType.String, depth))}, {Next(DataType.String, depth)})",
        8 => $"split_part({Next(DataType.String, depth)}, {Pick("' '", "','", "''", Next(DataType.String, depth))}, {Pick("1", "2", "j")})",
        0 => $"({Next(DataType.String, depth)} || {Next(DataType.String, depth)})",
        1 => $"{Pick("lower", "upper")}({Next(DataType.String, depth)})",
        2 => $"concat({Next(DataType.String, depth)}, {Next(DataType.String, depth)})",
        3 => $"string({Next(random.Next(2) == 0 ? DataType.Int64 : DataType.Bool, depth)})",
        _ => Choice(DataType.String, depth),
    };

    private string Bool(int depth)
    {
        var type = Any();
        return random.Next(10) switch
        {
            6 => $"{Pick("contains", "starts_with", "ends_with")}({Next(DataType.String, depth)}, {Next(DataType.String, depth)})",
            7 => $"({Next(type, depth)} {Pick("between", "not between")} {Next(type, depth)} and {Next(type, depth)})",
            8 => $"bool({Next(random.Next(2) == 0 ? DataType.String : DataType.Int64, depth)})",
            0 or 1 => $"({Next(type, depth)} {Pick("=", "!=", "<", "<=", ">", ">=")} {Next(type, depth)})",
            2 => $"({Next(DataType.Bool, depth)} {Pick("and", "or")} {Next(DataType.Bool, depth)})",
            3 => $"(not {Next(DataType.Bool, depth)})",
            4 => $"({Next(type, depth)} {Pick("in", "not in")} ({Next(type, depth)}, {Next(type, depth)}))",
            _ => $"({Next(type, depth)} {Pick("is null", "is not null")})",
        };
    }

    private string Timestamp(int depth) => random.Next(4) switch
    {
        3 => $"date_trunc('{Pick("second", "minute", "hour", "day", "week", "month", "quarter", "year")}', {Next(DataType.Timestamp, depth)})",
        0 => $"add_{Pick("seconds", "minutes", "hours", "days")}({Next(DataType.Timestamp, depth)}, {random.Next(-400, 400).ToString(CultureInfo.InvariantCulture)}.25)",
        1 => $"add_minutes({Next(DataType.Timestamp, depth)}, x)",
        _ => Choice(DataType.Timestamp, depth),
    };

    private string Choice(DataType type, int depth) => random.Next(5) switch
    {
        3 => $"nullif({Next(type, depth)}, {Next(type, depth)})",
        4 => $"case when {Next(DataType.Bool, depth)} then {Next(type, depth)} when {Next(DataType.Bool, depth)} then {Next(type, depth)}{Pick("", $" else {Next(type, depth)}")} end",
        0 => $"if({Next(DataType.Bool, depth)}, {Next(type, depth)}, {Next(type, depth)})",
        1 => $"coalesce({Next(type, depth)}, {Next(type, depth)})",
        _ => $"{Pick("min", "max")}({Next(type, depth)}, {Next(type, depth)}, {Next(type, depth)})",
    };

    private DataType Any() => random.Next(5) switch
    {
        0 => DataType.Int64,
        1 => DataType.Float64,
        2 => DataType.String,
        3 => DataType.Bool,
        _ => DataType.Timestamp,
    };

    private string Pick(params string[] choices) => choices[random.Next(choices.Length)];
}
