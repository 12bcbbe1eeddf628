using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Serving;

namespace Slipway.Tests.Serving;

public sealed class PredictJsonTests
{
    private static PredictRequest Read(string json) => PredictJson.Read(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(json)));

    private static string Error(string json)
    {
        var error = Assert.Throws<SlipwayException>(() => Read(json));
        Assert.Equal(ErrorKind.Invalid, error.Kind);
        return error.Message;
    }

    [Fact]
    public void Instances_become_columns_whatever_order_their_members_have()
    {
        var request = Read(
            """
            {"instances": [{"origin": "JFK", "distance": 100, "late": true}, {"late": false, "distance": 2.5, "origin": null}, {"distance": 3, "gate": 7}],
             "ids": ["a", null, "c"], "keys": ["k", "k", null], "eventTimes": [1, "2001-03-01T12:00:00Z", "1970-01-01T01:00:00+01:00"], "version": "1.0.0"}
            """);

        var rows = request.Rows!;
        Assert.Equal(["origin", "distance", "late", "gate"], rows.Columns.Select(c => c.Name));
        Assert.Equal(["JFK", null, null], rows["origin"].Strings);
        Assert.Equal([100, 2.5, 3], rows["distance"].Doubles);
        Assert.Equal([false, false, true], Enumerable.Range(0, 3).Select(rows["late"].IsNull));
        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(rows["gate"].IsNull));
        Assert.Equal((DataType.Int64, 7), (rows["gate"].Type, rows["gate"].Longs[2]));
        Assert.Equal(["a", null, "c"], request.Ids);
        Assert.Equal(["k", "k", null], request.Keys);
        Assert.Equal([1, 983_448_000_000_000, 0], request.EventTimesUs);
        Assert.Equal("1.0.0", request.Version);
    }

    [Fact]
    public void Columns_say_the_same_as_instances()
    {
        var rows = Read("""{"inputs": {"a": [1, null, 3], "b": ["x", "y", null]}}""").Rows!;

        Assert.Equal([1, 0, 3], rows["a"].Longs);
        Assert.True(rows["a"].IsNull(1));
        Assert.Equal(["x", "y", null], rows["b"].Strings);
    }

    [Fact]
    public void A_whole_number_beyond_a_doubles_precision_keeps_its_last_digit() =>
        Assert.Equal(9_007_199_254_740_993, Read("""{"instances": [{"user": 9007199254740993}]}""").Rows!["user"].Longs[0]);

    [Fact]
    public void Any_table_of_numbers_is_read_as_it_was_written() => Prop.ForAll<NormalFloat[], bool>((values, byColumn) =>
    {
        double[] numbers = [.. values.Select(v => v.Get)];
        var json = byColumn
            ? JsonSerializer.Serialize(new { inputs = new { x = numbers } })
            : JsonSerializer.Serialize(new { instances = numbers.Select(x => new { x }) });
        var request = Read(json);
        return numbers.Length == 0
            ? request.Count == 0
            : Enumerable.Range(0, numbers.Length).All(i => request.Rows!["x"].Number(i) == numbers[i]);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_body_that_came_in_pieces_is_read_across_them()
    {
        var bytes = Encoding.UTF8.GetBytes("""{"instances":[{"länge":1.5,"name":"Zürich"}]}""");
        for (var cut = 1; cut < bytes.Length; cut++)
        {
            var first = new Piece(bytes.AsMemory(0, cut));
            var last = first.Append(bytes.AsMemory(cut));
            var request = PredictJson.Read(new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length));
            Assert.Equal((1.5, "Zürich"), (request.Rows!["länge"].Doubles[0], request.Rows!["name"].Strings[0]));
        }
    }

    [Theory]
    [InlineData("", "The body is not JSON that can be read: line 1, position 1.")]
    [InlineData("[1]", "The body is a JSON object with 'instances' or 'inputs'.")]
    [InlineData("{}", "The body has neither 'instances' nor 'inputs'.")]
    [InlineData("""{"instances": [], "inputs": {}}""", "The body has exactly one of 'instances' and 'inputs', once.")]
    [InlineData("""{"instances": {"a": 1}}""", "In the body, 'instances' is an array of objects.")]
    [InlineData("""{"instances": [1]}""", "In the body, 'instances' is an array of objects.")]
    [InlineData("""{"instances": [{"a": 1, "a": 2}]}""", "Row 0 names the input 'a' twice.")]
    [InlineData("""{"instances": [{"a": 1}, {"a": "x"}]}""", "Input 'a' mixes types: row 1 is a string where those before are not.")]
    [InlineData("""{"instances": [{"a": [1]}]}""", "Input 'a' takes one value per row; row 0 has an array or an object.")]
    [InlineData("""{"instances": [{"a": 1e999}]}""", "Input 'a' has a number in row 0 that is beyond the range of a 64-bit float.")]
    [InlineData("""{"instances": [{"a": NaN}]}""", "The body is not JSON that can be read: line 1, position 22.")]
    [InlineData("""{"inputs": {"a": [1], "b": [1, 2]}}""", "Input 'b' has 2 rows; the inputs before it have 1.")]
    [InlineData("""{"inputs": {"a": [1], "a": [1]}}""", "'inputs' names 'a' twice.")]
    [InlineData("""{"rows": []}""", "The body has no 'rows'; there are instances, inputs, ids, keys, eventTimes and version.")]
    [InlineData("""{"instances": [{"a": 1}], "ids": [7]}""", "'ids' is an array of strings; element 0 is not.")]
    [InlineData("""{"instances": [{"a": 1}], "eventTimes": ["soon"]}""", "'eventTimes' element 0 is neither an RFC 3339 time nor whole microseconds since the epoch.")]
    [InlineData("""{"instances": [{"a": 1}]} {}""", "The body is not JSON that can be read: line 1, position 27.")]
    [InlineData("""{"instances": [{"a": "\ud800"}]}""", "The body holds text that is not valid Unicode.")]
    [InlineData("""{"instances": [[[[[[[[[1]]]]]]]]]}""", "In the body, 'instances' is an array of objects.")]
    public void What_is_wrong_is_said(string json, string message) => Assert.Equal(message, Error(json));

    [Fact]
    public void More_rows_than_a_request_holds_are_refused_while_reading()
    {
        var json = $$"""{"instances": [{{string.Join(',', Enumerable.Repeat("{}", 10_001))}}]}""";
        Assert.Equal(ErrorKind.TooLarge, Assert.Throws<SlipwayException>(() => Read(json)).Kind);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Piece(memory) { RunningIndex = Memory.Length };
            Next = next;
            return next;
        }
    }
}
