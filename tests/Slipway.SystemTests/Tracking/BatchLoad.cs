using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Slipway.SystemTests.Tracking;

/// <summary>
/// Connections that log batches, one run each: batch n is point n of the metric <c>m</c> and one of ten others. It keeps what
/// was answered with 200, to compare with what is there in the end.
/// </summary>
internal sealed class BatchLoad
{
    private readonly List<int>[] acknowledged;
    private readonly string[] runs;

    private BatchLoad(string[] runs) => (this.runs, acknowledged) = (runs, [.. runs.Select(_ => new List<int>())]);

    public int Acknowledged => acknowledged.Sum(batches => batches.Count);

    /// <summary>How often the server said that it cannot now.</summary>
    public int Unavailable { get; private set; }

    public static async Task<BatchLoad> PrepareAsync(HttpClient http, int connections)
    {
        var runs = new string[connections];
        for (var i = 0; i < connections; i++)
        {
            using var answer = await http.PostAsJsonAsync("/api/2.0/mlflow/runs/create", new { experiment_id = "0" });
            runs[i] = (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["run"]!["info"]!["run_id"]!;
        }

        return new BatchLoad(runs);
    }

    /// <summary>Logs until it is stopped, or until the server is gone.</summary>
    public Task RunAsync(Uri address, CancellationToken stop) =>
        Task.WhenAll(Enumerable.Range(0, runs.Length).Select(i => Task.Run(() => RunAsync(address, i, stop), CancellationToken.None)));

    /// <summary>Logs once more what was acknowledged.</summary>
    public async Task ReplayAsync(HttpClient http)
    {
        for (var i = 0; i < runs.Length; i++)
        {
            foreach (var batch in acknowledged[i])
            {
                using var answer = await http.PostAsync("/api/2.0/mlflow/runs/log-batch", Body(runs[i], batch));
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }
        }
    }

    /// <summary>Every acknowledged batch is there once and whole; of one that was not answered, all or nothing.</summary>
    public async Task MustBeThereOnceAsync(HttpClient http)
    {
        for (var i = 0; i < runs.Length; i++)
        {
            var steps = await StepsAsync(http, runs[i], "m");
            Assert.Equal(steps.Distinct().Count(), steps.Count);
            Assert.Empty(acknowledged[i].Except(steps));
            Assert.InRange(steps.Count, acknowledged[i].Count, acknowledged[i].Count + 1 + Unavailable);
            var others = new List<int>();
            for (var key = 0; key < 10; key++)
            {
                others.AddRange(await StepsAsync(http, runs[i], $"k{key}"));
            }

            Assert.Equal(steps.Order(), others.Order());
        }
    }

    /// <summary>The same where two have logged the same batches at once: what either was told is there, and there once.</summary>
    public async Task MustHoldAsync(HttpClient http)
    {
        for (var i = 0; i < runs.Length; i++)
        {
            var steps = await StepsAsync(http, runs[i], "m");
            Assert.Equal(Enumerable.Range(1, steps.Count), steps);
            Assert.Equal(acknowledged[i].Max(), steps[^1]);
        }
    }

    private static async Task<List<int>> StepsAsync(HttpClient http, string run, string key)
    {
        var answer = JsonNode.Parse(await http.GetStringAsync(
            $"/api/2.0/mlflow/metrics/get-history?run_id={run}&metric_key={key}&max_results=25000"))!;
        return [.. answer["metrics"]?.AsArray().Select(point => (int)point!["step"]!) ?? []];
    }

    private async Task RunAsync(Uri address, int connection, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = address };
        for (var batch = 1; !stop.IsCancellationRequested; batch++)
        {
            try
            {
                using var answer = await http.PostAsync("/api/2.0/mlflow/runs/log-batch", Body(runs[connection], batch), CancellationToken.None);
                if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
                {
                    Assert.NotNull(answer.Headers.RetryAfter);
                    lock (runs)
                    {
                        Unavailable++;
                    }

                    await Task.Delay(20, CancellationToken.None);
                    continue;
                }

                Assert.True(answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(CancellationToken.None));
                lock (acknowledged[connection])
                {
                    acknowledged[connection].Add(batch);
                }
            }
            catch (HttpRequestException)
            {
                return;
            }
        }
    }

    private static StringContent Body(string run, int batch) => new(
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            {"run_id": "{{run}}", "metrics": [{"key": "m", "value": {{batch}}, "timestamp": 1, "step": {{batch}}},
              {"key": "k{{batch % 10}}", "value": 0.5, "timestamp": 1, "step": {{batch}}}]}
            """),
        System.Text.Encoding.UTF8,
        "application/json");
}
