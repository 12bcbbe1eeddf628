using System.Text;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Inference;
using Slipway.Platform.Pipelines.Onnx;

namespace Slipway.Tests.Inference;

public sealed class OnnxModelTests
{
    private static readonly byte[] Adder = OnnxFile.Of("Add", TensorType.Float32, [-1, 2], ["a", "b"], "sum");

    [Fact]
    public void A_model_tells_its_inputs_outputs_and_metadata()
    {
        using var model = OnnxModel.Load(Adder, "adder");

        Assert.Equal(["a", "b"], model.Inputs.Select(input => input.Name));
        Assert.All(model.Inputs, input => Assert.Equal([-1L, 2L], input.Shape));
        var sum = Assert.Single(model.Outputs);
        Assert.Equal(("sum", TensorType.Float32), (sum.Name, sum.Type));
        Assert.Equal("tests", model.Metadata["author"]);
        Assert.Null(model.Features);
        Assert.Null(model.Scorer);
    }

    [Fact]
    public void Running_a_model_by_name_does_not_depend_on_the_order_of_the_inputs()
    {
        using var model = OnnxModel.Load(OnnxFile.Of("Sub", TensorType.Int32, [-1], ["a", "b"], "difference"), "minus");

        var outputs = model.Run(new Dictionary<string, Tensor> { ["b"] = Tensor.Of([1, 2], 2), ["a"] = Tensor.Of([10, 20], 2) });

        Assert.Equal([9, 18], outputs["difference"].Values<int>().ToArray());
    }

    [Fact]
    public async Task The_asynchronous_run_answers_the_same()
    {
        using var model = OnnxModel.Load(Adder, "adder");

        var outputs = await model.RunAsync(
            new Dictionary<string, Tensor> { ["a"] = Tensor.Of([1f, 2], 1, 2), ["b"] = Tensor.Of([3f, 4], 1, 2) }, ["sum"], CallOptions.Default, default);

        Assert.Equal([4f, 6], outputs["sum"].Values<float>().ToArray());
        Assert.Equal([1L, 2L], outputs["sum"].Shape.ToArray());
    }

    public static TheoryData<TensorType> Types => [.. Enum.GetValues<TensorType>()];

    [Theory, MemberData(nameof(Types))]
    public void Values_of_every_type_pass_through_a_model_unchanged(TensorType type)
    {
        using var model = OnnxModel.Load(OnnxFile.Of("Identity", type, [-1, 3], ["in"], "out"), "identity");
        var tensor = type == TensorType.Bytes
            ? Tensor.Of<byte[]>([Encoding.UTF8.GetBytes("Zürich"), [], "ORD"u8.ToArray()], 1, 3)
            : Tensor.FromRaw(type, [1, 3], [.. Enumerable.Range(0, 3 * type.ElementBytes()).Select(i => (byte)(i % 2))]);

        var output = model.Run([tensor])[0];

        Assert.Equal(type, output.Type);
        Assert.Equal(tensor.Shape.ToArray(), output.Shape.ToArray());
        Assert.Equal(tensor.Buffer, output.Buffer);
    }

    [Fact]
    public void No_rows_give_no_answers()
    {
        using var model = OnnxModel.Load(Adder, "adder");

        var sum = model.Run([Tensor.Of(Array.Empty<float>(), 0, 2), Tensor.Of(Array.Empty<float>(), 0, 2)])[0];

        Assert.Equal([0L, 2L], sum.Shape.ToArray());
    }

    [Fact]
    public void A_missing_input_is_named()
    {
        using var model = OnnxModel.Load(Adder, "adder");

        var error = Assert.Throws<SlipwayException>(() => model.Run(new Dictionary<string, Tensor> { ["a"] = Tensor.Of([1f, 2], 1, 2) }));

        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Equal("expected 2 inputs but got 1 inputs for model 'adder'. Got input(s) ['a'], but missing required input(s) ['b']. " +
            "Please provide all required input(s).", error.Message);
    }

    [Fact]
    public void An_unknown_input_is_named()
    {
        using var model = OnnxModel.Load(Adder, "adder");
        var tensor = Tensor.Of([1f, 2], 1, 2);

        var error = Assert.Throws<SlipwayException>(() =>
            model.Run(new Dictionary<string, Tensor> { ["a"] = tensor, ["b"] = tensor, ["z"] = tensor }));

        Assert.Equal("unexpected inference input 'z' for model 'adder'", error.Message);
    }

    [Fact]
    public void An_unknown_output_is_named()
    {
        using var model = OnnxModel.Load(Adder, "adder");
        var tensor = Tensor.Of([1f, 2], 1, 2);

        var error = Assert.Throws<SlipwayException>(() =>
            model.Run(new Dictionary<string, Tensor> { ["a"] = tensor, ["b"] = tensor }, ["product"]));

        Assert.Equal("unexpected inference output 'product' for model 'adder'", error.Message);
    }

    [Fact]
    public void An_input_of_another_type_is_refused()
    {
        using var model = OnnxModel.Load(Adder, "adder");

        var error = Assert.Throws<SlipwayException>(() => model.Run([Tensor.Of([1d, 2], 1, 2), Tensor.Of([1f, 2], 1, 2)]));

        Assert.Equal("inference input 'a' data-type is 'FP64', but model 'adder' expects 'FP32'", error.Message);
    }

    [Fact]
    public void An_input_of_another_shape_is_refused()
    {
        using var model = OnnxModel.Load(Adder, "adder");

        var error = Assert.Throws<SlipwayException>(() => model.Run([Tensor.Of([1f, 2], 1, 2), Tensor.Of([1f, 2, 3], 1, 3)]));

        Assert.Equal("unexpected shape for input 'b' for model 'adder'. Expected [-1,2], got [1,3].", error.Message);
    }

    [Fact]
    public void Inputs_that_only_the_model_can_refuse_are_the_callers_error_too()
    {
        using var model = OnnxModel.Load(Adder, "adder");

        var error = Assert.Throws<SlipwayException>(() => model.Run([Tensor.Of(new float[4], 2, 2), Tensor.Of(new float[6], 3, 2)]));

        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.StartsWith("model 'adder' cannot process the input: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_output_that_is_not_a_tensor_is_refused_when_loading()
    {
        var graph = new ProtoWriter()
            .Message(1, new OnnxNode("SequenceConstruct", ["a"], "list").Message)
            .Text(2, "graph")
            .Message(11, OnnxFile.Value("a", TensorType.Float32, [2]))
            .Message(12, OnnxFile.Sequence("list", TensorType.Float32, [2]));

        var error = Assert.Throws<SlipwayException>(() => OnnxModel.Load(OnnxFile.Model(graph), "lists"));

        Assert.Equal(ErrorKind.Unsupported, error.Kind);
        Assert.StartsWith("'list' of model 'lists' is not a tensor", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disposed_model_says_so()
    {
        var model = OnnxModel.Load(Adder, "adder");
        model.Dispose();
        model.Dispose();

        Assert.Throws<ObjectDisposedException>(() => model.Run([Tensor.Of([1f, 2], 1, 2), Tensor.Of([1f, 2], 1, 2)]));
    }
}
