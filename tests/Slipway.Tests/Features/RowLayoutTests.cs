using System.Collections;
using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Online;

namespace Slipway.Tests.Features;

public sealed class RowLayoutTests
{
    private static readonly RowLayout Layout = new(
    [
        new ColumnSchema("flag", DataType.Bool), new ColumnSchema("count", DataType.Int64), new ColumnSchema("share", DataType.Float64),
        new ColumnSchema("name", DataType.String), new ColumnSchema("at", DataType.Timestamp), new ColumnSchema("small", DataType.Float32),
        new ColumnSchema("note", DataType.String),
    ]);

    [Fact]
    public void A_packed_row_has_exactly_the_documented_bytes()
    {
        var layout = new RowLayout([new ColumnSchema("n", DataType.Int64), new ColumnSchema("s", DataType.String), new ColumnSchema("x", DataType.Float32)]);
        var row = layout.Pack(new Table([Column.Int64("n", [258]), Column.String("s", ["é"]), Column.Float32("x", [0], new BitArray([true]))]));

        // Format 1, null bit of the third; 258; the string at byte 18; no float; its length 2 and c3 a9.
        Assert.Equal("01" + "04" + "0201000000000000" + "12000000" + "00000000" + "02000000" + "c3a9", Convert.ToHexStringLower(row[0]));
    }

    [Fact]
    public void Packing_and_unpacking_gives_back_every_value() => Prop.ForAll(
        Gen.Two(Gen.Choose(0, int.MaxValue)).ToArbitrary(),
        seeds => Check(new Random(seeds.Item1), 1 + (seeds.Item2 % 20))).QuickCheckThrowOnFailure();

    [Fact]
    public void Keys_that_concatenate_to_the_same_text_stay_apart()
    {
        var keys = EntityKeys.Of([Column.String("a", ["ab", "a", "abc", ""]), Column.String("b", ["c", "bc", "", "abc"])], 4);
        Assert.Equal(4, Enumerable.Range(0, 4).Select(i => Convert.ToHexString(keys[i])).Distinct().Count());
    }

    [Fact]
    public void A_number_and_its_text_are_different_keys()
    {
        var number = EntityKeys.Of([Column.Int64("a", [5])], 1).ToArray(0);
        Assert.Equal("010500000000000000", Convert.ToHexStringLower(number));
        Assert.Equal("040100000035", Convert.ToHexStringLower(EntityKeys.Of([Column.String("a", ["5"])], 1).ToArray(0)));
    }

    [Fact]
    public void A_null_in_any_part_makes_the_key_missing()
    {
        var keys = EntityKeys.Of([Column.String("a", ["x", "x", null]), Column.Int64("b", [1, 2, 3], new BitArray([false, true, false]))], 3);
        Assert.Equal([false, true, true], Enumerable.Range(0, 3).Select(keys.IsMissing));
        Assert.True(keys[1].IsEmpty && keys[2].IsEmpty);
    }

    [Fact]
    public void A_floating_key_is_refused() => Assert.Equal(
        "Join key 'a' is a float64; keys are string, int64, bool or timestamp.",
        Assert.Throws<SlipwayException>(() => EntityKeys.Of([Column.Float64("a", [1])], 1)).Message);

    private static bool Check(Random random, int rows)
    {
        var table = new Table([.. Layout.Columns.Select(c => Make(c, random, rows))]);
        var packed = Layout.Pack(table);
        for (var i = 0; i < Layout.Columns.Count; i++)
        {
            var column = Layout.Unpack(i, Layout.Columns[i].Name, packed);
            if (column.Type != table.Columns[i].Type || Enumerable.Range(0, rows).Any(r => !Equals(column.Value(r), table.Columns[i].Value(r))))
            {
                return false;
            }
        }

        return true;
    }

    private static Column Make(ColumnSchema schema, Random random, int rows)
    {
        var nulls = new BitArray([.. Enumerable.Range(0, rows).Select(_ => random.Next(3) == 0)]);
        return schema.Type switch
        {
            DataType.Bool => Column.Bool(schema.Name, [.. Enumerable.Range(0, rows).Select(_ => random.Next(2) == 0)], nulls),
            DataType.Int64 => Column.Int64(schema.Name, [.. Enumerable.Range(0, rows).Select(_ => random.NextInt64(long.MinValue, long.MaxValue))], nulls),
            DataType.Timestamp => Column.Timestamp(schema.Name, [.. Enumerable.Range(0, rows).Select(_ => random.NextInt64())], nulls),
            DataType.Float32 => Column.Float32(schema.Name, [.. Enumerable.Range(0, rows).Select(_ => (double)random.NextSingle())], nulls),
            DataType.Float64 => Column.Float64(schema.Name, [.. Enumerable.Range(0, rows).Select(_ => random.NextDouble() - 0.5)], nulls),
            _ => Column.String(schema.Name, [.. Enumerable.Range(0, rows).Select(r => nulls[r] ? null : new string('é', random.Next(5)))]),
        };
    }
}
