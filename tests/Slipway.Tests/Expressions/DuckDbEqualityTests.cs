using System.Collections;
using System.Globalization;
using DuckDB.NET.Data;
using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Data;
using Slipway.Core.Expressions;

namespace Slipway.Tests.Expressions;

/// <summary>The online path (closures) and the offline path (SQL) are two programs; here they must agree on everything.</summary>
public sealed class DuckDbEqualityTests : IDisposable
{
    private static readonly DataType[] Types =
        [DataType.Int64, DataType.Float64, DataType.Float32, DataType.String, DataType.Bool, DataType.Timestamp];

    private readonly DuckDBConnection duckDb = new("Data Source=:memory:");
    private readonly Table rows = Rows(new Random(7), 40);
    private readonly ColumnSchema[] columns;

    public DuckDbEqualityTests()
    {
        duckDb.Open();
        columns = [.. rows.Columns.Select(c => new ColumnSchema(c.Name, c.Type))];
        Execute($"create table r(n bigint, {string.Join(", ", columns.Select(c => $"{c.Name} {SqlType(c.Type)}"))})");
        Execute($"insert into r values {string.Join(", ", Enumerable.Range(0, rows.Rows).Select(RowSql))}");
    }

    public void Dispose() => duckDb.Dispose();

    [Fact]
    public void Random_formulas_have_the_same_values_here_and_in_DuckDB() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1500), Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var type = Types[random.Next(Types.Length)];
            var text = new RandomExpression(random).Next(type == DataType.Float32 ? DataType.Float64 : type, 1 + random.Next(4));
            AssertEqual(Expression.Compile(text, columns, type));
        }));

    [Theory]
    [InlineData("nullif(", ", 'a')", "s")]
    [InlineData("split_part(", ", ',', 1)", "s")]
    [InlineData("(", " between true and b)", "b")]
    [InlineData("round(", ", 2)", "x")]
    public void The_same_call_in_itself_does_not_grow_beyond_measure(string before, string after, string core)
    {
        var text = string.Concat(Enumerable.Repeat(before, 40)) + core + string.Concat(Enumerable.Repeat(after, 40));

        AssertEqual(Expression.Compile(text, columns));
    }

    [Theory]
    [InlineData("date_trunc('second', d) != timestamp('2001-02-03T04:05:06.789Z')")]
    [InlineData("date_trunc('year', e) = add_days(timestamp('2001-02-03T04:05:06.789Z'), 0.25)")]
    [InlineData("date_trunc('day', d) in (timestamp('2001-02-03T04:05:06.789Z'), e)")]
    [InlineData("contains(replace('Ab', '', 'é'), concat(substring('a', 0), split_part('-7', '', 2)))")]
    [InlineData("contains(replace('Ab', '', 'é'), s)")]
    public void What_DuckDB_rewrites_to_a_constant_is_null_where_ours_is(string text) => AssertEqual(Expression.Compile(text, columns));

    [Fact]
    public void A_formula_far_beyond_the_depth_of_daily_use_still_agrees()
    {
        var deep = string.Concat(Enumerable.Repeat("abs(1 - ", 60)) + "x" + new string(')', 60);

        AssertEqual(Expression.Compile(deep, columns));
    }

    private void AssertEqual(Expression expression)
    {
        var ours = expression.Evaluate(rows, "v");
        using var command = duckDb.CreateCommand();
        command.CommandText = $"select {expression.ToDuckDbSql()} from r order by n";
        using var reader = command.ExecuteReader();
        for (var row = 0; row < rows.Rows; row++)
        {
            Assert.True(reader.Read());
            var theirs = reader.IsDBNull(0) ? null : Normal(reader.GetValue(0));
            Assert.True(Close(ours.Value(row), theirs), $"""
                {expression.Text}
                {command.CommandText}
                row {row} {RowSql(row)}: ours {ours.Value(row) ?? "null"}, DuckDB {theirs ?? "null"}
                """);
            Assert.Equal(ours.Value(row), expression.Evaluate(rows, row));
        }
    }

    // The two call different math libraries: exp and log may differ in the last bits, and a sum amplifies that.
    private static bool Close(object? a, object? b) => (a, b) switch
    {
        (double x, double y) => Math.Abs(x - y) <= 1e-9 * Math.Max(1e-9, Math.Max(Math.Abs(x), Math.Abs(y))),
        _ => Equals(a, b),
    };

    private static object Normal(object value) => value switch
    {
        float f => (double)f,
        DateTime t => (t.Ticks - DateTime.UnixEpoch.Ticks) / 10,
        int i => (long)i,
        _ => value,
    };

    private static Table Rows(Random random, int count)
    {
        long[] integers = [0, 1, -1, 7, 1000, long.MaxValue, long.MinValue + 1, 3_000_000_000];
        double[] floats = [0, -0.0, 1.5, -2.5, 0.1, 1e15, -1e-9, 123.456, double.NaN, double.PositiveInfinity, double.NegativeInfinity];
        string?[] texts = ["", "a", "Ab", "it's", "é", "🛫 x", "zz", "\uffee", "true", " a b ", "-12", "3.25", "1e400", "12345678901234567890", null];
        long[] times = [0, -1, 981_173_106_789_000, 951_782_400_000_000, 951_868_799_999_999, 4_102_444_800_000_000, -2_208_988_800_000_001];
        BitArray Nulls() => new([.. Enumerable.Range(0, count).Select(_ => random.Next(6) == 0)]);
        T[] Draw<T>(T[] from) => [.. Enumerable.Range(0, count).Select(_ => from[random.Next(from.Length)])];
        return new Table(
        [
            Column.Int64("i", Draw(integers), Nulls()), Column.Int64("j", Draw(integers[..5]), Nulls()),
            Column.Float64("x", Draw(floats), Nulls()), Column.Float64("y", Draw(floats[..8]), Nulls()),
            Column.String("s", Draw(texts)), Column.String("t", Draw(texts)),
            Column.Bool("b", Draw([true, false]), Nulls()),
            Column.Timestamp("d", Draw(times), Nulls()), Column.Timestamp("e", Draw(times), Nulls()),
        ]);
    }

    private string RowSql(int row) => $"({row}, {string.Join(", ", rows.Columns.Select(c => ValueSql(c, row)))})";

    private static string ValueSql(Column column, int row) => column.Value(row) switch
    {
        null => "null",
        string s => $"'{s.Replace("'", "''", StringComparison.Ordinal)}'",
        bool b => b ? "true" : "false",
        double d => $"'{d.ToString("R", CultureInfo.InvariantCulture).Replace("Infinity", "inf", StringComparison.Ordinal)}'::double",
        long l when column.Type == DataType.Timestamp => string.Create(CultureInfo.InvariantCulture, $"make_timestamp({l}::bigint)"),
        var other => Convert.ToString(other, CultureInfo.InvariantCulture)!,
    };

    private static string SqlType(DataType type) => type switch
    {
        DataType.Int64 => "bigint",
        DataType.Float64 => "double",
        DataType.String => "varchar",
        DataType.Bool => "boolean",
        _ => "timestamp",
    };

    private void Execute(string sql)
    {
        using var command = duckDb.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
