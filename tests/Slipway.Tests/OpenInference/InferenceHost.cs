using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Slipway.Configuration;
using Slipway.Core.Data;
using Slipway.Core.Tensors;
using Slipway.Platform.Access;
using Slipway.Platform.Registry;
using Slipway.Platform.Serving;
using Slipway.Tests.Hosting;
using Slipway.Tests.Inference;
using Slipway.Tests.Serving;

namespace Slipway.Tests.OpenInference;

/// <summary>
/// The real server with models small enough to know their answers: the endpoint <c>flights</c> (σ(a − b), as label and probability),
/// and as files <c>same_TYPE</c> (x to y, [-1,2]) for every element type, <c>sum</c> (a + b) and <c>wide</c> (x to y, [-1,-1]).
/// </summary>
public sealed class InferenceHost : IAsyncLifetime
{
    private static readonly Actor Carl = new("carl", Role.Contributor);
    private readonly TempFolder folder = new();
    private RunningHost host = null!;

    public HttpClient Http => host.Http;

    public string GrpcAddress => host.Host.GrpcAddress.ToString();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var models = Enum.GetValues<TensorType>().Select(type => File($"same_{type.Wire()}", OnnxFile.Of("Identity", type, [-1, 2], ["x"], "y")))
            .Append(File("sum", OnnxFile.Of("Add", TensorType.Float32, [-1, 2], ["a", "b"], "y")))
            .Append(File("wide", OnnxFile.Of("Identity", TensorType.Float32, [-1, -1], ["x"], "y")))
            .Append(File("rest", OnnxFile.Of("Identity", TensorType.Float32, [-1, 2], ["x"], "y")))
            .ToList();
        host = await RunningHost.StartAsync(options => options with { Models = models });
        await DeployAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        folder.Dispose();
    }

    /// <param name="headers">Those of the request and of its body; there are no others, as some clients send none.</param>
    public async Task<(int Status, HttpResponseHeaders Headers, byte[] Body)> SendAsync(
        string method, string path, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = body is null ? null : new ByteArrayContent(body);
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content!.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await Http.SendAsync(request, Cancel);
        return ((int)response.StatusCode, response.Headers, await response.Content.ReadAsByteArrayAsync(Cancel));
    }

    /// <summary>Status and body as text.</summary>
    public async Task<string> TextAsync(string method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        var (status, _, answer) = await SendAsync(method, path, body is null ? null : Encoding.UTF8.GetBytes(body), headers);
        return $"{status} {Encoding.UTF8.GetString(answer)}";
    }

    /// <summary>Sends JSON with bytes behind it, and takes the answer apart the same way.</summary>
    public async Task<(int Status, string Json, byte[] Binary)> InferAsync(string model, string json, byte[] binary, params (string, string)[] headers)
    {
        var text = Encoding.UTF8.GetBytes(json);
        var (status, answered, body) = await SendAsync(
            "POST", $"/v2/models/{model}/infer", [.. text, .. binary],
            [("inference-header-content-length", text.Length.ToString(System.Globalization.CultureInfo.InvariantCulture)), .. headers]);
        var length = answered.TryGetValues("Inference-Header-Content-Length", out var given)
            ? int.Parse(given.Single(), System.Globalization.CultureInfo.InvariantCulture)
            : body.Length;
        return (status, Encoding.UTF8.GetString(body, 0, length), body[length..]);
    }

    private ModelFile File(string name, byte[] onnx)
    {
        System.IO.File.WriteAllBytes(folder.Combine($"{name}.onnx"), onnx);
        return new ModelFile(name, folder.Combine($"{name}.onnx"));
    }

    private async Task DeployAsync()
    {
        var registry = host.Host.Services.GetRequiredService<RegistryService>();
        await registry.RegisterModelAsync(Carl, new NewModel("flights"), Cancel);
        var signature = new ModelSignature(
            [new("a", DataType.Float32), new("b", DataType.Float32)], [new ColumnSchema("probability", DataType.Float32)]);
        var version = await registry.CreateVersionAsync(
            Carl, new NewVersion("flights", signature), new MemoryStream(TestModels.Logistic([1, -1], 0)), Cancel);
        await registry.TransitionAsync(Carl, "flights", version.Version.ToString(), Stage.Staging, Cancel);
        await host.Host.Services.GetRequiredService<ServingService>()
            .DeployAsync("flights", "flights", version.Version.ToString(), Carl, "test", Cancel);
    }
}
