using System.Text.Json.Nodes;

namespace Slipway.SystemTests.Mlflow;

/// <summary>One line of a recording: what an unmodified MLflow client sent, and what MLflow 3.11's own server answered.</summary>
/// <param name="Request">Null where there was no body, or an upload.</param>
/// <param name="Upload">Bytes of the file that was sent.</param>
/// <param name="Response">Null where the answer was a file.</param>
internal sealed record Exchange(string Method, string Url, string? Request, int? Upload, int Status, string? Response)
{
    public static IReadOnlyList<Exchange> Load(string client) =>
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Mlflow", $"client-{client}.jsonl")).Select(line =>
        {
            var exchange = JsonNode.Parse(line)!;
            return new Exchange(
                (string)exchange["method"]!, (string)exchange["url"]!, exchange["request"]?.ToJsonString(), (int?)exchange["upload"],
                (int)exchange["status"]!, exchange["response"]?.ToJsonString());
        }),
    ];
}
