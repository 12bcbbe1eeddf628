using System.Collections;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Expressions;

namespace Slipway.Tests.Expressions;

public sealed class ExpressionTests
{
    // 2001-04-01 was a Sunday: 11,413 days after the epoch.
    private const long Sunday = 11_413L * 86_400_000_000;

    private static readonly Table Flights = new(
    [
        Column.Int64("delay", [20, -3, 0], new BitArray([false, false, true])),
        Column.Float64("distance", [750, 75, 0]),
        Column.Timestamp("date", [Sunday + (13 * 3_600_000_000L) + (45 * 60_000_000L), Sunday, -1]),
        Column.String("origin", ["LAX", "Zürich", null]),
        Column.Bool("full", [true, false, true]),
    ]);

    private static readonly ColumnSchema[] Columns = [.. Flights.Columns.Select(c => new ColumnSchema(c.Name, c.Type))];

    [Theory]
    [InlineData("1 + 2 * 3", 7L)]
    [InlineData("(1 + 2) * 3", 9L)]
    [InlineData("-2 * -3", 6L)]
    [InlineData("7 / 2", 3.5)]
    [InlineData("-7 % 3", -1L)]
    [InlineData("1 - 2 - 3", -4L)]
    [InlineData("2 + 3 > 4 and not false", true)]
    [InlineData("not 1 = 2 and false", false)]
    [InlineData("true or false and false", true)]
    [InlineData("'a' || 'b' = 'ab'", true)]
    [InlineData("1 in (3, 2, 1)", true)]
    [InlineData("'x' not in ('y')", true)]
    [InlineData("null is null", true)]
    [InlineData("1 is not null", true)]
    [InlineData("abs(-3)", 3L)]
    [InlineData("abs(-3.5)", 3.5)]
    [InlineData("min(3, 1, 2)", 1L)]
    [InlineData("max(3, 4.5)", 4.5)]
    [InlineData("round(2.5)", 3.0)]
    [InlineData("round(-2.5)", -3.0)]
    [InlineData("floor(-1.5)", -2.0)]
    [InlineData("ceil(1.2)", 2.0)]
    [InlineData("exp(0)", 1.0)]
    [InlineData("log(1)", 0.0)]
    [InlineData("sqrt(9)", 3.0)]
    [InlineData("int(-2.9)", -2L)]
    [InlineData("int(true)", 1L)]
    [InlineData("float(3)", 3.0)]
    [InlineData("string(-12)", "-12")]
    [InlineData("upper('abc') || lower('DE')", "ABCde")]
    [InlineData("length('naïve🛫')", 6L)]
    [InlineData("concat('a', 'b', 'c')", "abc")]
    [InlineData("'it''s'", "it's")]
    [InlineData("if(1 < 2, 'yes', 'no')", "yes")]
    [InlineData("if(null, 1, 2)", 2L)]
    [InlineData("coalesce(null, 5)", 5L)]
    [InlineData("1e3 + .5", 1000.5)]
    [InlineData("minutes_between(timestamp('2001-04-01T00:00:00Z'), timestamp('2001-04-01T02:00:00+01:00'))", 60.0)]
    [InlineData("IF(TRUE OR NULL, 1, 0)", 1L)]
    [InlineData("case when false then 1 when null then 2 when true then 3 else 4 end", 3L)]
    [InlineData("case when false then 'a' when true then null else 'b' end is null", true)]
    [InlineData("case when true then 1 else 2.5 end", 1.0)]
    [InlineData("2 between 1 and 2 and not 3 between 1 and 2", true)]
    [InlineData("nullif(3, 4)", 3L)]
    [InlineData("div(-7, 2)", -3L)]
    [InlineData("trunc(-1.9)", -1.0)]
    [InlineData("sign(-0.5)", -1L)]
    [InlineData("power(2, 10)", 1024.0)]
    [InlineData("log10(1000)", 3.0)]
    [InlineData("log2(8)", 3.0)]
    [InlineData("round(2.345, 1)", 2.3)]
    [InlineData("trim('  a b ')", "a b")]
    [InlineData("substring('na🛫ïve', 3, 2)", "🛫ï")]
    [InlineData("substring('abc', 2)", "bc")]
    [InlineData("replace('banana', 'an', 'AN')", "bANANa")]
    [InlineData("split_part('LAX-SFO-JFK', '-', 2)", "SFO")]
    [InlineData("split_part('LAX', '-', 2)", "")]
    [InlineData("position('na🛫ïve', 'ï')", 4L)]
    [InlineData("contains('abc', 'bc') and starts_with('abc', 'ab') and not ends_with('abc', 'b')", true)]
    [InlineData("int('-12')", -12L)]
    [InlineData("float('2.5e-1')", 0.25)]
    [InlineData("bool('true') and bool(3)", true)]
    [InlineData("days_between(date_trunc('week', timestamp('2001-04-01T13:45:00Z')), timestamp('2001-04-01'))", 6.0)]
    [InlineData("date_trunc('quarter', timestamp('2001-05-06T07:08:09Z')) = timestamp('2001-04-01')", true)]
    [InlineData("months_between(timestamp('2000-12-31'), timestamp('2002-01-01'))", 13L)]
    public void A_formula_has_the_value_of_its_arithmetic(string formula, object expected) =>
        Assert.Equal(expected, Value(formula));

    [Theory]
    [InlineData("1 / 0")]
    [InlineData("1 % 0")]
    [InlineData("1.5 % 0")]
    [InlineData("log(0)")]
    [InlineData("sqrt(-1)")]
    [InlineData("exp(1000)")]
    [InlineData("9223372036854775807 + 1")]
    [InlineData("-9223372036854775807 - 2")]
    [InlineData("9223372036854775807 * 2")]
    [InlineData("abs(-9223372036854775807 - 1)")]
    [InlineData("int(1e19)")]
    [InlineData("1 + null")]
    [InlineData("nullif(3, 3)")]
    [InlineData("div(1, 0)")]
    [InlineData("div(-9223372036854775807 - 1, -1)")]
    [InlineData("power(-8, 0.5)")]
    [InlineData("power(10, 400)")]
    [InlineData("log10(0)")]
    [InlineData("substring('abc', 0)")]
    [InlineData("substring('abc', 1, -1)")]
    [InlineData("replace('abc', '', 'x')")]
    [InlineData("int(' 1')")]
    [InlineData("int('1.0')")]
    [InlineData("float('inf')")]
    [InlineData("bool('yes')")]
    [InlineData("case when false then 1 end")]
    [InlineData("1 between null and 2")]
    [InlineData("null and true")]
    [InlineData("null or false")]
    [InlineData("not null")]
    [InlineData("1 in (2, null)")]
    [InlineData("'a' || null")]
    [InlineData("add_days(timestamp('2001-04-01'), 1e300)")]
    public void What_has_no_value_is_null(string formula) => Assert.Null(Value(formula));

    [Theory]
    [InlineData("hour(date)", new object[] { 13L, 0L, 23L })]
    [InlineData("minute(date)", new object[] { 45L, 0L, 59L })]
    [InlineData("weekday(date)", new object[] { 7L, 7L, 3L })]
    [InlineData("day_of_month(date)", new object[] { 1L, 1L, 31L })]
    [InlineData("month(date)", new object[] { 4L, 4L, 12L })]
    [InlineData("year(date)", new object[] { 2001L, 2001L, 1969L })]
    [InlineData("quarter(date)", new object[] { 2L, 2L, 4L })]
    [InlineData("day_of_year(date)", new object[] { 91L, 91L, 365L })]
    public void Date_parts_are_those_of_the_calendar_in_UTC(string formula, object[] expected) =>
        Assert.Equal(expected, Values(formula));

    [Fact]
    public void A_column_is_read_row_by_row_and_null_spreads() =>
        Assert.Equal([150.0, 37.0, null], Values("distance / 7.5 + 30 + delay"));

    [Fact]
    public void The_hour_of_landing_of_a_flight_needs_no_code()
    {
        var landed = Expression.Compile("add_minutes(date, distance / 7.5 + 30 + delay)", Columns);

        Assert.Equal(DataType.Timestamp, landed.Type);
        Assert.Equal(Sunday + (16 * 3_600_000_000L) + (15 * 60_000_000L), landed.Evaluate(Flights, 0));
        Assert.Equal(["date", "distance", "delay"], landed.Inputs.Select(c => c.Name));
    }

    [Fact]
    public void Min_and_max_skip_nulls_as_in_SQL() => Assert.Equal([20L, 5L, 5L], Values("max(delay, 5)"));

    [Fact]
    public void Text_is_ordered_by_code_point() => Assert.Equal(true, Value("'\uffee' < '🛫'"));

    [Fact]
    public void An_integer_formula_serves_where_a_float_is_declared()
    {
        var expression = Expression.Compile("delay * 2", Columns, DataType.Float32);

        Assert.Equal(DataType.Float32, expression.Evaluate(Flights, "twice").Type);
        Assert.Equal(40.0, expression.Evaluate(Flights, 0));
    }

    [Fact]
    public void A_float32_is_rounded_to_32_bits() =>
        Assert.Equal((double)0.1f, Expression.Compile("0.1", Columns, DataType.Float32).Evaluate(Flights, 0));

    [Theory]
    [InlineData("delay +", "position 8: expected a value, found the end.")]
    [InlineData("delay + * 2", "position 9: expected a value, found '*'.")]
    [InlineData("(delay", "position 7: expected ')', found the end.")]
    [InlineData("delay distance", "position 7: expected an operator or the end, found 'distance'.")]
    [InlineData("'open", "position 1: the ' that opens here is never closed.")]
    [InlineData("delay ? 1", "position 7: '?' has no meaning here.")]
    [InlineData("delya + 1", "position 1: there is no column 'delya'; there are delay, distance, date, origin, full.")]
    [InlineData("1 + origin", "position 3: + does not take (int64, string); there is +(int64, int64), +(float64, float64).")]
    [InlineData("median(delay)", "position 1: there is no function 'median'.")]
    [InlineData("if(delay, 1, 2)", "position 4: if asks for a bool, not int64.")]
    [InlineData("coalesce(1, 'a')", "position 13: coalesce asks for values of one type; this is string, not int64.")]
    [InlineData("case when 1 then 2 end", "position 11: case asks for a bool, not int64.")]
    [InlineData("case when true then 2", "position 22: expected 'end', found the end.")]
    [InlineData("date_trunc('fortnight', date)", "position 12: date_trunc takes one of second, minute,")]
    [InlineData("round(1.5, delay)", "position 12: round takes the digits as a whole number from 0 to 15.")]
    [InlineData("if(true, 1)", "position 1: if takes 3 arguments, got 2.")]
    [InlineData("99999999999999999999", "position 1: 99999999999999999999 does not fit into 64 bits.")]
    [InlineData("timestamp(date)", "position 1: timestamp takes one ISO 8601 time in quotes")]
    public void An_error_names_the_position_and_what_is_wrong_there(string formula, string expected)
    {
        var error = Assert.Throws<SlipwayException>(() => Expression.Compile(formula, Columns));

        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_declared_type_that_the_formula_does_not_have_is_an_error()
    {
        var error = Assert.Throws<SlipwayException>(() => Expression.Compile("distance", Columns, DataType.Int64));

        Assert.Contains("the value is float64, not int64 as declared.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(")]
    [InlineData("-")]
    [InlineData("not ")]
    public void Nesting_without_end_is_refused_and_does_not_exhaust_the_stack(string opening)
    {
        var endless = string.Concat(Enumerable.Repeat(opening, 2_000));

        var error = Assert.Throws<SlipwayException>(() => Expression.Compile(endless, Columns));
        Assert.Contains("nested deeper than 200 levels.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_whose_column_has_another_type_is_refused()
    {
        var other = new Table([Column.String("delay", ["20"])]);

        var error = Assert.Throws<SlipwayException>(() => Expression.Compile("delay + 1", Columns).Evaluate(other, "x"));
        Assert.Contains("reads column 'delay' as int64; it is string.", error.Message, StringComparison.Ordinal);
    }

    private static object? Value(string formula) => Expression.Compile(formula, Columns).Evaluate(Flights, 0);

    private static object?[] Values(string formula)
    {
        var column = Expression.Compile(formula, Columns).Evaluate(Flights, "result");
        return [.. Enumerable.Range(0, column.Length).Select(column.Value)];
    }
}
