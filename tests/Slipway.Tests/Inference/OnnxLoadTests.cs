using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Inference;

namespace Slipway.Tests.Inference;

public sealed class OnnxLoadTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("slipway-onnx-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void A_file_is_known_by_its_name()
    {
        var path = Write("late.onnx", OnnxFile.Of("Identity", TensorType.Float32, [-1], ["in"], "out"));

        using var model = OnnxModel.Load(path);

        Assert.Equal("late", model.Name);
        Assert.Equal([7f], model.Run([Tensor.Of([7f], 1)])[0].Values<float>().ToArray());
    }

    public static TheoryData<string, byte[]> NotOnnx => new()
    {
        { "text.onnx", "date,delay,distance\n2001-01-01,5,300\n"u8.ToArray() },
        { "empty.onnx", [] },
        { "zeros.onnx", new byte[1024] },
        { "cut.onnx", OnnxFile.Of("Identity", TensorType.Float32, [-1], ["in"], "out")[..40] },
        { "operator.onnx", OnnxFile.Of("Levitate", TensorType.Float32, [-1], ["in"], "out") },
        { "opset.onnx", OnnxFile.Of("Identity", TensorType.Float32, [-1], ["in"], "out", opset: 4096) },
    };

    [Theory, MemberData(nameof(NotOnnx))]
    public void A_file_that_is_no_runnable_model_is_named_in_one_line(string name, byte[] content)
    {
        var path = Write(name, content);

        var error = Assert.Throws<SlipwayException>(() => OnnxModel.Load(path));

        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.StartsWith($"'{path}' is not an ONNX model that can be run: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Bytes_that_are_no_model_are_named_too()
    {
        var error = Assert.Throws<SlipwayException>(() => OnnxModel.Load([1, 2, 3], "late"));

        Assert.StartsWith("Model 'late' (3 bytes) is not an ONNX model", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_absent_is_not_found()
    {
        var path = Path.Combine(folder.FullName, "absent.onnx");

        var error = Assert.Throws<SlipwayException>(() => OnnxModel.Load(path));

        Assert.Equal((ErrorKind.NotFound, $"There is no model file '{path}'."), (error.Kind, error.Message));
    }

    private string Write(string name, byte[] content)
    {
        var path = Path.Combine(folder.FullName, name);
        File.WriteAllBytes(path, content);
        return path;
    }
}
