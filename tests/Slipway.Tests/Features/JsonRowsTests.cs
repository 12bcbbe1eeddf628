using System.Text;
using Slipway.Core.Data;
using Slipway.Platform.Features.Sources;

namespace Slipway.Tests.Features;

public sealed class JsonRowsTests
{
    private static readonly ColumnSchema[] Schema =
    [
        new("name", DataType.String), new("count", DataType.Int64), new("share", DataType.Float64), new("ok", DataType.Bool),
        new("at", DataType.Timestamp), new("small", DataType.Float32),
    ];

    private static JsonRows Read(params string[] objects) => JsonRows.Read(Schema, [.. objects.Select(Encoding.UTF8.GetBytes)]);

    [Fact]
    public void Fields_are_read_by_name_and_what_is_not_there_is_missing()
    {
        var rows = Read("""{"other":{"name":"x"},"count":-3,"name":"ü","share":1e-3,"ok":true}""", """{"name":null,"count":5}""", "{}").Table;
        Assert.Equal(["ü", null, null], rows["name"].Strings);
        Assert.Equal([-3L, 5L, null], Enumerable.Range(0, 3).Select(rows["count"].Value));
        Assert.Equal([0.001, null, null], Enumerable.Range(0, 3).Select(rows["share"].Value));
        Assert.Equal([true, null, null], Enumerable.Range(0, 3).Select(rows["ok"].Value));
    }

    [Theory]
    [InlineData("1970-01-01T00:00:01Z", 1_000_000)]
    [InlineData("1970-01-01T02:00:01.5+02:00", 1_500_000)]
    [InlineData("1970-01-01T00:00:01", 1_000_000)]
    [InlineData("1970-01-02", 86_400_000_000)]
    public void Times_are_utc_unless_they_say_otherwise(string text, long microseconds) =>
        Assert.Equal([microseconds], Read($$"""{"at":"{{text}}"}""").Table["at"].Longs);

    [Fact]
    public void A_float32_is_rounded_to_what_it_can_hold() =>
        Assert.Equal([(double)0.1f], Read("""{"small":0.1}""").Table["small"].Doubles);

    [Theory]
    [InlineData("""{"count":1.5}""", "Field 'count' must be a whole number; got 1.5.")]
    [InlineData("""{"count":"1"}""", "Field 'count' must be a whole number; got \"1\".")]
    [InlineData("""{"share":1e999}""", "Field 'share' must be a number; got 1e999.")]
    [InlineData("""{"small":1e39}""", "Field 'small' must be a number; got 1e39.")]
    [InlineData("""{"name":[1]}""", "Field 'name' must be a string; got an array.")]
    [InlineData("""{"ok":{}}""", "Field 'ok' must be true or false; got an object.")]
    [InlineData("""{"at":"soon"}""", "Field 'at' must be an ISO 8601 time; got \"soon\".")]
    [InlineData("[]", "Not a JSON object.")]
    public void A_wrong_value_is_named(string json, string cause)
    {
        var read = Read("""{"count":1}""", json, """{"count":2}""");
        Assert.Equal([new UnreadableRow(1, cause)], read.Unreadable);
        Assert.Equal([1L, 2L], read.Table["count"].Longs);
        Assert.Equal([0, 2], read.Origin.ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"name":"a"} {}""")]
    [InlineData("""{"name":"a""")]
    [InlineData("""{"name":"\ud800"}""")]
    [InlineData("""{"\ud800":1}""")]
    public void What_is_not_one_json_object_is_named(string json) => Assert.Single(Read(json).Unreadable);

    [Fact]
    public void An_unreadable_object_leaves_nothing_in_the_row_that_follows()
    {
        var rows = Read("""{"name":"left","share":7,"count":"bad"}""", "{}").Table;
        Assert.Equal(1, rows.Rows);
        Assert.All(rows.Columns, column => Assert.True(column.IsNull(0)));
    }
}
