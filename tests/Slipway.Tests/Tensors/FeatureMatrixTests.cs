using System.Collections;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;

namespace Slipway.Tests.Tensors;

public sealed class FeatureMatrixTests
{
    [Fact]
    public void Columns_stand_in_the_order_asked_for_and_missing_values_are_NaN()
    {
        var table = new Table([
            Column.Float64("delay", [1.5, 0, -2], new BitArray([false, true, false])),
            Column.Bool("weekend", [true, false, false], new BitArray([false, false, true])),
            Column.Int64("hour", [7, 23, 0]),
            Column.String("carrier", ["UA", "AA", null]),
        ]);

        var matrix = FeatureMatrix.From(table, ["hour", "delay", "weekend"]);

        Assert.Equal([7, 1.5f, 1, 23, float.NaN, 0, 0, -2, float.NaN], matrix.Values.ToArray());
        Assert.Equal([23, float.NaN, 0], matrix.Row(1).ToArray());
    }

    [Theory]
    [InlineData("carrier", "Feature 'carrier' is a string")]
    [InlineData("landed", "Feature 'landed' is a timestamp")]
    [InlineData("speed", "There is no column 'speed'")]
    public void What_is_not_a_number_is_refused_by_name(string feature, string message)
    {
        var table = new Table([Column.String("carrier", ["UA"]), Column.Timestamp("landed", [0])]);

        var error = Assert.Throws<SlipwayException>(() => FeatureMatrix.From(table, [feature]));

        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }
}
