using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Slipway.Benchmarks;

/// <summary>A request whose step is written into place before each sending: JSON allows blanks before a number.</summary>
internal sealed class SteppedRequest
{
    private const string Slot = "          ";
    private readonly byte[] bytes;
    private readonly int[] slots;
    private int step;

    private SteppedRequest(string path, string body)
    {
        bytes = LeanHttp.Post(path, body);
        var found = new List<int>();
        for (var at = 0; (at = Encoding.UTF8.GetString(bytes).IndexOf(Slot, at, StringComparison.Ordinal)) >= 0; at += Slot.Length)
        {
            found.Add(at);
        }

        slots = [.. found];
    }

    public static SteppedRequest LogMetric(string run) => new(
        "/api/2.0/mlflow/runs/log-metric",
        $$"""{"run_uuid":"{{run}}","run_id":"{{run}}","key":"loss","value":0.4715,"timestamp":1700000000000,"step":{{Slot}}}""");

    public static SteppedRequest LogBatch(string run, int metrics)
    {
        var random = new Random(metrics);
        var points = Enumerable.Range(0, metrics).Select(i => string.Create(
            CultureInfo.InvariantCulture, $$"""{"key":"metric_{{i:000}}","value":{{random.NextDouble()}},"timestamp":1700000000000,"step":{{Slot}}}"""));
        return new("/api/2.0/mlflow/runs/log-batch", $$"""{"run_id":"{{run}}","metrics":[{{string.Join(",", points)}}],"params":[],"tags":[]}""");
    }

    public ReadOnlyMemory<byte> Next()
    {
        Span<byte> digits = stackalloc byte[Slot.Length];
        Utf8Formatter.TryFormat(++step, digits, out var length);
        foreach (var slot in slots)
        {
            digits[..length].CopyTo(bytes.AsSpan(slot + Slot.Length - length));
        }

        return bytes;
    }
}

/// <summary>What a run of the search has: metrics m0…m19 in [0, 1), params p0…p9 of ten values each.</summary>
internal static class SearchRequests
{
    public const string Experiment = "/api/2.0/mlflow/experiments/create";

    public static byte[] Create(string experiment, long startMs) => LeanHttp.Post(
        "/api/2.0/mlflow/runs/create", $$"""{"experiment_id":"{{experiment}}","start_time":{{startMs}},"tags":[{"key":"team","value":"search"}]}""");

    public static byte[] Fill(string run, Random random)
    {
        var metrics = Enumerable.Range(0, 20).Select(i => string.Create(
            CultureInfo.InvariantCulture, $$"""{"key":"m{{i}}","value":{{random.NextDouble()}},"timestamp":1700000000000,"step":1}"""));
        var values = Enumerable.Range(0, 10).Select(i => $$"""{"key":"p{{i}}","value":"v{{random.Next(10)}}"}""");
        return LeanHttp.Post(
            "/api/2.0/mlflow/runs/log-batch", $$"""{"run_id":"{{run}}","metrics":[{{string.Join(",", metrics)}}],"params":[{{string.Join(",", values)}}]}""");
    }

    public static byte[] Search(string experiment, string filter, string? orderBy, int max, string? token) => LeanHttp.Post(
        "/api/2.0/mlflow/runs/search",
        $$"""{"experiment_ids":["{{experiment}}"],"filter":"{{filter}}","max_results":{{max}}{{(orderBy is null ? "" : $",\"order_by\":[\"{orderBy}\"]")}}{{(token is null ? "" : $",\"page_token\":\"{token}\"")}}}""");
}
