using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Inference;

namespace Slipway.Tests.Inference;

public sealed class OnnxScorerTests
{
    // Its probability is its one feature, so that what must come out is known.
    private static readonly byte[] Echo = OnnxFile.Of("Identity", TensorType.Float32, [-1, 1], ["features"], "probability");

    [Fact]
    public async Task Rows_keep_their_order_over_many_native_calls_and_many_callers()
    {
        using var model = OnnxModel.Load(Echo, "echo", new InferenceWorkers(2, queue: 16));

        await Parallel.ForAsync(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (caller, cancel) =>
        {
            float[] rows = [.. Enumerable.Range(caller, 5_000).Select(i => (float)i)];
            var probabilities = new float[rows.Length];
            await model.ScoreAsync(rows, rows.Length, probabilities, CallOptions.Default, cancel);
            Assert.Equal(rows, probabilities);
        });
    }

    [Fact]
    public void Room_beyond_the_rows_stays_untouched()
    {
        using var model = OnnxModel.Load(Echo, "echo");
        float[] probabilities = [9, 9, 9];

        model.Score([0.25f, 0.5f], 2, probabilities);
        model.Score([], 0, probabilities);

        Assert.Equal([0.25f, 0.5f, 9], probabilities);
    }

    [Theory]
    [InlineData(3, 2, 2, "unexpected shape for input 'features' for model 'echo'. Expected [2,1], got 3 values.")]
    [InlineData(2, 2, 1, "Scoring 2 rows needs room for as many probabilities; there is room for 1.")]
    [InlineData(0, -1, 0, "unexpected shape for input 'features' for model 'echo'. Expected [-1,1], got 0 values.")]
    public void Sizes_that_do_not_agree_are_refused(int values, int count, int room, string message)
    {
        using var model = OnnxModel.Load(Echo, "echo");

        var error = Assert.Throws<SlipwayException>(() => model.Score(new float[values], count, new float[room]));

        Assert.Equal((ErrorKind.Invalid, message), (error.Kind, error.Message));
    }

    [Fact]
    public void A_model_of_another_form_has_no_short_way()
    {
        using var model = OnnxModel.Load(OnnxFile.Of("Identity", TensorType.Float64, [-1, 1], ["features"], "probability"), "double");

        var error = Assert.Throws<SlipwayException>(() => model.Score([1f], 1, new float[1]));

        Assert.Equal(ErrorKind.Unsupported, error.Kind);
        Assert.Contains("'double'", error.Message, StringComparison.Ordinal);
    }
}
