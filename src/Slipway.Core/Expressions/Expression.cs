using System.Collections;
using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Core.Expressions;

/// <summary>
/// A formula over the columns of a table, compiled once: to closures for this process and to SQL for DuckDB, which compute the same.
/// Null in, null out, except for coalesce, if, is null, and, or, in, min and max. A result that is not a finite number is null.
/// Safe for use by many threads at once.
/// </summary>
public sealed class Expression
{
    /// <summary>Longest formula, in characters.</summary>
    public const int MaxLength = 10_000;

    private readonly Node node;

    private Expression(string text, DataType type, Node node, IReadOnlyList<ColumnSchema> inputs)
    {
        Text = text;
        Type = type;
        this.node = node;
        Inputs = inputs;
    }

    public string Text { get; }

    public DataType Type { get; }

    /// <summary>The columns the formula reads, each once, in the order of their first occurrence.</summary>
    public IReadOnlyList<ColumnSchema> Inputs { get; }

    /// <param name="columns">What names may stand for.</param>
    /// <param name="type">The type wanted. Int64 becomes float64 and float64 float32 to meet it; nothing else converts.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/>, naming the position and what is wrong there.</exception>
    public static Expression Compile(string text, IReadOnlyList<ColumnSchema> columns, DataType? type = null)
    {
        if (text.Length > MaxLength)
        {
            throw SlipwayException.Invalid($"An expression holds at most {MaxLength} characters; got {text.Length}.");
        }

        var binder = new Binder(text, columns);
        var node = binder.Bind(new Parser(text).Parse());
        var wanted = type ?? node.Type ?? throw ExpressionError.At(text, 1, "the type of null is not known; declare it.");
        var typed = node.To(wanted == DataType.Float32 ? DataType.Float64 : wanted)
            ?? throw ExpressionError.At(text, 1, $"the value is {Lower(node.Type)}, not {Lower(wanted)} as declared.");
        return new Expression(text, wanted, Finish(typed, wanted), binder.Inputs);
    }

    /// <summary>The value for every row, as a column of that name.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when an input column is missing or of another type.</exception>
    public Column Evaluate(Table rows, string name)
    {
        var frame = Bind(rows);
        switch (Type)
        {
            case DataType.Bool:
                var bools = Run<bool>(frame, rows.Rows, out var nulls);
                return Column.Bool(name, bools, nulls);
            case DataType.String:
                return Column.String(name, Run<string?>(frame, rows.Rows, out _));
            case DataType.Float32:
                var singles = Run<double>(frame, rows.Rows, out nulls);
                return Column.Float32(name, singles, nulls);
            case DataType.Float64:
                var doubles = Run<double>(frame, rows.Rows, out nulls);
                return Column.Float64(name, doubles, nulls);
            default:
                var longs = Run<long>(frame, rows.Rows, out nulls);
                return Type == DataType.Int64 ? Column.Int64(name, longs, nulls) : Column.Timestamp(name, longs, nulls);
        }
    }

    /// <summary>The value for one row: bool, long, double, string, or null. A timestamp is microseconds since the epoch.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when an input column is missing or of another type.</exception>
    public object? Evaluate(Table rows, int row)
    {
        var frame = Bind(rows);
        frame.Row = row;
        return Type switch
        {
            DataType.Bool => One<bool>(frame),
            DataType.String => One<string>(frame),
            DataType.Float32 or DataType.Float64 => One<double>(frame),
            _ => One<long>(frame),
        };
    }

    /// <summary>
    /// One value per row of a relation that has the input columns. Timestamps are taken as UTC without a zone: a column of type
    /// <c>timestamptz</c> needs a session whose time zone is UTC.
    /// </summary>
    public string ToDuckDbSql() => node.Sql;

    private static Node Finish(Node node, DataType type) => type switch
    {
        DataType.Float64 => Node.Map<double, double>(
            type, node, (double x, out double r) => double.IsFinite(r = x), Guard.Where(node.Sql, "isfinite(v)")),
        DataType.Float32 => Node.Map<double, double>(
            type, node, (double x, out double r) => double.IsFinite(r = (float)x), Guard.Float32(node.Sql)),
        _ => node,
    };

    private static string Lower(DataType? type) => type?.Text() ?? "null";

    private Frame Bind(Table rows)
    {
        var columns = new Column[Inputs.Count];
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = rows[Inputs[i].Name];
            if (columns[i].Type != Inputs[i].Type && !(IsFloat(columns[i].Type) && IsFloat(Inputs[i].Type)))
            {
                throw SlipwayException.Invalid(
                    $"Expression `{Text}` reads column '{columns[i].Name}' as {Lower(Inputs[i].Type)}; it is {Lower(columns[i].Type)}.");
            }
        }

        return new Frame(columns);
    }

    private static bool IsFloat(DataType type) => type is DataType.Float32 or DataType.Float64;

    private T[] Run<T>(Frame frame, int rows, out BitArray? nulls)
    {
        var read = node.Read<T>();
        var values = new T[rows];
        nulls = null;
        for (frame.Row = 0; frame.Row < rows; frame.Row++)
        {
            if (!read(frame, out values[frame.Row]))
            {
                values[frame.Row] = default!;
                (nulls ??= new BitArray(rows))[frame.Row] = true;
            }
        }

        return values;
    }

    private object? One<T>(Frame frame) => node.Read<T>()(frame, out var value) ? value : null;
}
