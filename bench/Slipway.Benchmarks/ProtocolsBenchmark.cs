using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Google.Protobuf;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Slipway.Configuration;
using Slipway.Hosting;
using Slipway.Protocols.OpenInference.Wire;

namespace Slipway.Benchmarks;

/// <summary>
/// One request of 32 rows of 30 features through the doors of the inference protocols, client and server in this process, 16 calls
/// at a time: the forms share the model, the sockets' stack and the cores, so they differ by what they cost.
/// Budget: bytes over REST and gRPC each ≥ 1 × JSON's requests per second.
/// </summary>
internal static class ProtocolsBenchmark
{
    private const int Rows = 32;
    private const int Callers = 16;

    public static async Task<bool> RunAsync(CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("slipway-bench-").FullName;
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, "m.onnx"), ServingBenchmark.Train(), cancel);
            await using var host = SlipwayHost.Create(new SlipwayOptions
            {
                DataDirectory = Path.Combine(folder, "data"),
                Urls = [new ListenAddress("127.0.0.1", 0)],
                GrpcUrls = [new ListenAddress("127.0.0.1", 0)],
                LogLevel = LogLevel.Error,
                Models = [new ModelFile("m", Path.Combine(folder, "m.onnx"))],
            });
            await host.StartAsync(cancel);
            return await MeasureAsync(host, cancel);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<bool> MeasureAsync(SlipwayHost host, CancellationToken cancel)
    {
        var random = new Random(1);
        var rows = Enumerable.Range(0, Rows * ServingBenchmark.Features).Select(_ => random.NextSingle()).ToArray();
        var list = string.Join(',', rows.Select(value => value.ToString("R", CultureInfo.InvariantCulture)));
        var bytes = MemoryMarshal.AsBytes<float>(rows).ToArray();
        using var http = new HttpClient { BaseAddress = new Uri(host.Address.ToString()) };
        using var channel = GrpcChannel.ForAddress(host.GrpcAddress.ToString());
        var grpc = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        var request = new ModelInferRequest
        {
            ModelName = "m",
            Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "features", Datatype = "FP32", Shape = { Rows, ServingBenchmark.Features } } },
            RawInputContents = { ByteString.CopyFrom(bytes) },
        };
        var head = $$"""{"inputs":[{"name":"features","shape":[{{Rows}},{{ServingBenchmark.Features}}],"datatype":"FP32",""";

        var json = await RateAsync("JSON", () => PostAsync(http, Encoding.UTF8.GetBytes($$$"""{{{head}}}"data":[{{{list}}}]}]}"""), null, cancel));
        var head8 = Encoding.UTF8.GetBytes($$$"""{{{head}}}"parameters":{"binary_data_size":{{{bytes.Length}}}}}],"parameters":{"binary_data_output":true}}""");
        var binary = await RateAsync("bytes over REST", () => PostAsync(http, [.. head8, .. bytes], head8.Length, cancel));
        var raw = await RateAsync("bytes over gRPC", async () => await grpc.ModelInferAsync(request, cancellationToken: cancel));
        Console.WriteLine($"bytes over REST {binary / json:F2} × JSON, over gRPC {raw / json:F2} × JSON (limit 1 ×)");
        return binary >= json && raw >= json;
    }

    private static async Task PostAsync(HttpClient http, byte[] body, int? json, CancellationToken cancel)
    {
        using var content = new ByteArrayContent(body);
        if (json is { } length)
        {
            content.Headers.Add("Inference-Header-Content-Length", length.ToString(CultureInfo.InvariantCulture));
        }

        using var answer = await http.PostAsync("/v2/models/m/infer", content, cancel);
        answer.EnsureSuccessStatusCode();
        await answer.Content.ReadAsByteArrayAsync(cancel);
    }

    /// <summary>Over four seconds, after two of warm-up.</summary>
    private static async Task<double> RateAsync(string form, Func<Task> once)
    {
        var calls = 0L;
        var isOver = false;
        var callers = Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            while (!Volatile.Read(ref isOver))
            {
                await once();
                Interlocked.Increment(ref calls);
            }
        })).ToArray();
        await Task.Delay(2000);
        var (before, started, cpu) = (Volatile.Read(ref calls), Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        await Task.Delay(4000);
        var (counted, seconds) = (Volatile.Read(ref calls) - before, Stopwatch.GetElapsedTime(started).TotalSeconds);
        var spent = (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / counted;
        Volatile.Write(ref isOver, true);
        await Task.WhenAll(callers);
        Console.WriteLine($"infer, {Rows} rows × {ServingBenchmark.Features}, {form,-16} {counted / seconds,9:N0} req/s, {spent:F0} µs CPU a request, the client's included");
        return counted / seconds;
    }
}
