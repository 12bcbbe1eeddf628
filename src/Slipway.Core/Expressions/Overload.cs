using System.Globalization;
using Slipway.Core.Data;

namespace Slipway.Core.Expressions;

/// <summary>One function for one list of argument types; null in any argument makes null.</summary>
internal sealed record Overload(string Name, DataType[] Parameters, Func<Node[], Node> Build)
{
    /// <param name="sql">A format: {0} and {1} are the SQL of the arguments.</param>
    public static Overload Of<TA, TR>(string name, DataType a, DataType result, Partial<TA, TR> function, string sql) =>
        new(name, [a], args => Node.Map(result, args[0], function, Fill(sql, args)));

    /// <inheritdoc cref="Of{TA,TR}(string,DataType,DataType,Partial{TA,TR},string)"/>
    public static Overload Of<TA, TB, TR>(
        string name, DataType a, DataType b, DataType result, Partial<TA, TB, TR> function, string sql) =>
        new(name, [a, b], args => Node.Map(result, args[0], args[1], function, Fill(sql, args)));

    /// <inheritdoc cref="Of{TA,TR}(string,DataType,DataType,Partial{TA,TR},string)"/>
    public static Overload Of<TA, TB, TC, TR>(
        string name, DataType a, DataType b, DataType c, DataType result, Partial<TA, TB, TC, TR> function, string sql) =>
        new(name, [a, b, c], args => Node.Map(result, args[0], args[1], args[2], function, Fill(sql, args)));

    /// <summary>A function that has a value for every argument.</summary>
    public static Overload Total<TA, TR>(string name, DataType a, DataType result, Func<TA, TR> function, string sql) =>
        Of(name, a, result, (TA x, out TR value) =>
        {
            value = function(x);
            return true;
        }, sql);

    /// <inheritdoc cref="Total{TA,TR}"/>
    public static Overload Total<TA, TB, TR>(
        string name, DataType a, DataType b, DataType result, Func<TA, TB, TR> function, string sql) =>
        Of(name, a, b, result, (TA x, TB y, out TR value) =>
        {
            value = function(x, y);
            return true;
        }, sql);

    public override string ToString() => $"{Name}({string.Join(", ", Parameters.Select(p => p.Text()))})";

    private static string Fill(string format, Node[] args) =>
        string.Format(CultureInfo.InvariantCulture, format, [.. args.Select(a => (object)a.Sql)]);
}
