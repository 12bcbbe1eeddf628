using System.Net;
using System.Text.Json;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests;

public sealed class ProblemTests
{
    [Fact]
    public async Task A_path_that_does_not_exist_is_a_problem_document()
    {
        await using var server = await SlipwayServer.StartAsync();

        var answer = await server.Http.GetAsync("/api/v1/nothing?secret=1");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal("about:blank", problem.GetProperty("type").GetString());
        Assert.Equal("Not Found", problem.GetProperty("title").GetString());
        Assert.Equal(404, problem.GetProperty("status").GetInt32());
        Assert.Equal("There is nothing at /api/v1/nothing.", problem.GetProperty("detail").GetString());
        Assert.Equal("/api/v1/nothing", problem.GetProperty("instance").GetString());
        Assert.Equal("not_found", problem.GetProperty("kind").GetString());
        Assert.Matches("^[0-9a-f]{32}$", problem.GetProperty("traceId").GetString());
    }

    [Fact]
    public async Task A_wrong_method_names_the_right_ones()
    {
        await using var server = await SlipwayServer.StartAsync();

        var answer = await server.Http.DeleteAsync("/healthz");

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal(["GET"], answer.Content.Headers.Allow);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task The_trace_of_the_caller_is_the_trace_of_the_problem()
    {
        await using var server = await SlipwayServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/nothing");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        var answer = await server.Http.SendAsync(request);

        var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", problem.GetProperty("traceId").GetString());
    }
}
