using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Slipway.Core.Errors;
using Slipway.Hosting;

namespace Slipway.Tests.Hosting;

/// <summary>What a caller sees when an endpoint refuses, fails, or is sent nonsense, over a real socket.</summary>
public sealed class ProblemTests
{
    private sealed record Row(string Name, int Count);

    [Theory]
    [InlineData(ErrorKind.Invalid, 400, "invalid")]
    [InlineData(ErrorKind.Unauthenticated, 401, "unauthenticated")]
    [InlineData(ErrorKind.Forbidden, 403, "forbidden")]
    [InlineData(ErrorKind.NotFound, 404, "not_found")]
    [InlineData(ErrorKind.Conflict, 409, "conflict")]
    [InlineData(ErrorKind.FailedPrecondition, 412, "failed_precondition")]
    [InlineData(ErrorKind.TooLarge, 413, "too_large")]
    [InlineData(ErrorKind.Unsupported, 415, "unsupported")]
    [InlineData(ErrorKind.TooManyRequests, 429, "too_many_requests")]
    [InlineData(ErrorKind.Unavailable, 503, "unavailable")]
    [InlineData(ErrorKind.Timeout, 504, "timeout")]
    public async Task An_error_of_ours_keeps_its_message_and_gets_its_status(ErrorKind kind, int status, string name)
    {
        await using var server = await RunningHost.StartAsync(map: app => app.MapGet(
            "/refuse", void () => throw new SlipwayException(kind, "A batch holds at most 1000 metrics; got 1001.")));

        var problem = await ProblemAsync(await server.Http.GetAsync("/refuse"), status);

        Assert.Equal("A batch holds at most 1000 metrics; got 1001.", problem.GetProperty("detail").GetString());
        Assert.Equal(name, problem.GetProperty("kind").GetString());
    }

    [Fact]
    public void Every_kind_of_error_has_a_status_of_its_own() => Assert.Equal(
        Enum.GetValues<ErrorKind>().Length, Enum.GetValues<ErrorKind>().Select(Problem.StatusOf).Distinct().Count());

    [Fact]
    public async Task A_bug_says_nothing_about_the_inside()
    {
        await using var server = await RunningHost.StartAsync(map: app => app.MapGet(
            "/bug", void () => throw new InvalidOperationException("password of the database")));

        var answer = await server.Http.GetAsync("/bug");

        var problem = await ProblemAsync(answer, 500);
        Assert.Equal("internal", problem.GetProperty("kind").GetString());
        Assert.DoesNotContain("password", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Matches("^[0-9a-f]{32}$", problem.GetProperty("traceId").GetString());
    }

    [Theory]
    [InlineData("{\"name\": \"a\",\n  \"count\": x}", "line 2, byte 12, at $.count.")]
    [InlineData("{\"name\": \"a\", \"count\": \"many\"}", "line 1, byte 30, at $.count.")]
    [InlineData("{\"name\": \"a\"", "line 1, byte 13")]
    public async Task A_body_that_is_not_the_expected_json_is_named_by_its_place(string body, string place)
    {
        await using var server = await RunningHost.StartAsync(map: app => app.MapPost("/rows", (Row row) => row.Name));

        var answer = await server.Http.PostAsync("/rows", new StringContent(body, Encoding.UTF8, "application/json"));

        var problem = await ProblemAsync(answer, 400);
        Assert.Contains(place, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_told_the_limit()
    {
        await using var server = await RunningHost.StartAsync(
            change: options => options with { MaxBodySize = 1024 }, map: app => app.MapPost("/rows", (Row row) => row.Name));

        var answer = await server.Http.PostAsJsonAsync("/rows", new Row(new string('x', 2000), 1));

        var problem = await ProblemAsync(answer, 413);
        Assert.Equal("A request body holds at most 1024 bytes.", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_body_of_another_media_type_is_refused()
    {
        await using var server = await RunningHost.StartAsync(map: app => app.MapPost("/rows", (Row row) => row.Name));

        var answer = await server.Http.PostAsync("/rows", new StringContent("{}", Encoding.UTF8, "text/plain"));

        await ProblemAsync(answer, 415);
    }

    [Fact]
    public async Task An_endpoint_that_describes_its_error_itself_is_left_alone()
    {
        await using var server = await RunningHost.StartAsync(map: app => app.MapGet(
            "/own", () => Results.Text("{\"error_code\":\"X\"}", "application/json", statusCode: 404)));

        var answer = await server.Http.GetAsync("/own");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("{\"error_code\":\"X\"}", await answer.Content.ReadAsStringAsync());
    }

    private static async Task<JsonElement> ProblemAsync(HttpResponseMessage answer, int status)
    {
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        return problem;
    }
}
