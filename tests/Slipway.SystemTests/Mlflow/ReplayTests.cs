using System.Net.Http.Headers;
using System.Text;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests.Mlflow;

/// <summary>What unmodified MLflow clients sent over one walk of theirs, sent to this server: it answers as MLflow's did.</summary>
public sealed class ReplayTests
{
    [Theory]
    [InlineData("2.22", 4)]
    [InlineData("3.11", 3)]
    public async Task A_recorded_client_gets_the_answers_that_mlflow_gave_it(string client, int experiment)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var server = await SlipwayServer.StartAsync();
        for (var i = 1; i < experiment; i++)
        {
            // So that the client's own experiment has the number that it had.
            await server.Http.PostAsync("/api/2.0/mlflow/experiments/create", Json($$"""{"name": "earlier-{{i}}"}"""), cancel);
        }

        var likeness = new Likeness();
        var failures = new List<string>();
        foreach (var exchange in Exchange.Load(client))
        {
            using var request = new HttpRequestMessage(new HttpMethod(exchange.Method), likeness.Translate(exchange.Url));
            request.Content = exchange.Upload is { } bytes ? new ByteArrayContent(new byte[bytes])
                : exchange.Request is { } body ? Json(likeness.Translate(body))
                : null;
            using var answer = await server.Http.SendAsync(request, cancel);
            var text = await answer.Content.ReadAsStringAsync(cancel);
            var differences = (int)answer.StatusCode != exchange.Status ? [$"MLflow answered {exchange.Status}, here {(int)answer.StatusCode}: {text}"]
                : exchange.Response is null ? []
                : likeness.Compare(exchange.Response, text);
            failures.AddRange(differences.Select(difference => $"{exchange.Method} {exchange.Url.Split('?')[0]} {difference}"));
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
}
