using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests.Demo;

/// <summary><c>slipway demo flights --exit</c> as a child process in a folder: state in <c>data</c>, the summary in <c>summary.json</c>.</summary>
internal sealed partial class DemoProcess : IAsyncDisposable
{
    /// <summary>A demo on the small source takes some 20 s; the machine may be busy with other tests.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly SlipwayProcess process;

    private DemoProcess(SlipwayProcess process, HttpClient http) => (this.process, Http) = (process, http);

    public HttpClient Http { get; }

    public string Output => process.Output + process.Errors;

    /// <summary>Returns when the server answers; the job has then begun.</summary>
    public static async Task<DemoProcess> StartAsync(string source, TempFolder folder)
    {
        var process = SlipwayProcess.Start(Args(source), folder.FullPath, awaitedText: "Slipway is ready");
        try
        {
            var address = Address().Match(await process.WaitForLineAsync()).Groups[1].Value;
            return new DemoProcess(process, new HttpClient { BaseAddress = new Uri(address), Timeout = Patience.Limit });
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs the job to its end, which must be a good one.</summary>
    public static async Task<JsonObject> FinishAsync(string source, TempFolder folder)
    {
        await using var demo = await StartAsync(source, folder);
        return await demo.FinishAsync(folder);
    }

    public async Task<JsonObject> FinishAsync(TempFolder folder)
    {
        Assert.True(await process.WaitForExitAsync(Limit) == 0, Output);
        Assert.Equal("", process.Errors);
        return (JsonObject)JsonNode.Parse(await File.ReadAllTextAsync(folder.Combine("summary.json")))!;
    }

    /// <summary>SIGKILL after a while, unless the job ends before.</summary>
    /// <param name="last">Runs right before the kill.</param>
    /// <returns>Whether it was killed.</returns>
    public async Task<bool> KillAfterAsync(TimeSpan delay, Func<Task> last)
    {
        var ended = process.WaitForExitAsync(Limit);
        if (await Task.WhenAny(ended, Task.Delay(delay)) == ended)
        {
            Assert.True(await ended == 0, Output);
            return false;
        }

        try
        {
            await last();
        }
        catch (HttpRequestException)
        {
            // It ended at this moment; a server that is there and does not answer shows in its exit code.
            Assert.True(await ended == 0, Output);
            return false;
        }

        await process.SignalAsync("KILL");
        await ended;
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await process.DisposeAsync();
    }

    private static string[] Args(string source) =>
    [
        "demo", "flights", "--exit", "--json", "summary.json", "--data", "data", "--source", source,
        "--urls", "http://127.0.0.1:0", "--grpc-urls", "http://127.0.0.1:0",
    ];

    [GeneratedRegex(@"Slipway is ready at (http://\S+);")]
    private static partial Regex Address();
}
