using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;

namespace Slipway.Tests.Tensors;

public sealed class TensorTests
{
    [Fact]
    public void A_shape_holds_the_product_of_its_dimensions() => Prop.ForAll(
        Gen.Choose(0, 20).ArrayOf(4).ToArbitrary(),
        dims => TensorShape.Elements([.. dims.Select(dim => (long)dim)]) == dims.Aggregate(1, (product, dim) => product * dim))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void A_scalar_holds_one_element() => Assert.Equal(1, TensorShape.Elements([]));

    [Theory]
    [InlineData(new[] { 4_294_967_296, 4_294_967_296 })]
    [InlineData(new[] { 3_000_000_000L })]
    [InlineData(new[] { long.MaxValue, 2 })]
    public void A_shape_that_overflows_is_refused(long[] shape) =>
        Assert.Equal(ErrorKind.TooLarge, Assert.Throws<SlipwayException>(() => TensorShape.Elements(shape)).Kind);

    [Fact]
    public void An_empty_dimension_makes_any_other_harmless() =>
        Assert.Equal(0, TensorShape.Elements([long.MaxValue, long.MaxValue, 0]));

    [Fact]
    public void A_negative_dimension_is_refused_even_beside_an_empty_one()
    {
        var error = Assert.Throws<SlipwayException>(() => TensorShape.Elements([0, -1]));
        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Contains("[0,-1]", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { 5L, 30 }, new[] { -1L, 30 }, true)]
    [InlineData(new[] { 5L, 29 }, new[] { -1L, 30 }, false)]
    [InlineData(new[] { 5L }, new[] { -1L, 30 }, false)]
    public void A_shape_fits_a_pattern_where_minus_one_is_any_size(long[] shape, long[] pattern, bool fits) =>
        Assert.Equal(fits, TensorShape.Fits(shape, pattern));

    [Fact]
    public void Raw_bytes_are_little_endian_and_row_major()
    {
        var tensor = Tensor.FromRaw(TensorType.Int16, [2, 2], [1, 0, 2, 0, 0, 1, 255, 255]);

        Assert.Equal<short>([1, 2, 256, -1], tensor.Values<short>().ToArray());
        Assert.Equal([2L, 2L], tensor.Shape.ToArray());
    }

    [Fact]
    public void Raw_bytes_that_do_not_fill_the_shape_are_refused()
    {
        var error = Assert.Throws<SlipwayException>(() => Tensor.FromRaw(TensorType.Float32, [1, 30], new byte[116]));
        Assert.Equal("A FP32 tensor of shape [1,30] takes 120 bytes; got 116.", error.Message);
    }

    [Fact]
    public void Values_of_another_type_are_refused()
    {
        var error = Assert.Throws<SlipwayException>(() => Tensor.Of([1f], 1).Values<double>().Length);
        Assert.Equal("The tensor holds FP32, not FP64.", error.Message);
    }

    [Fact]
    public void Values_that_do_not_fill_the_shape_are_refused() =>
        Assert.Throws<SlipwayException>(() => Tensor.Of([1f, 2f, 3f], 2, 2));

    [Fact]
    public void Every_wire_name_names_one_type() =>
        Assert.All(Enum.GetValues<TensorType>(), type => Assert.Equal(type, TensorTypes.Parse(type.Wire())));

    [Fact]
    public void An_unknown_wire_name_is_refused() =>
        Assert.Contains("'FP31'", Assert.Throws<SlipwayException>(() => TensorTypes.Parse("FP31")).Message, StringComparison.Ordinal);
}
