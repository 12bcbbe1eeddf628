using System.Net;
using System.Text;
using Slipway.Configuration;

namespace Slipway.Tests.Hosting.Security;

/// <summary>What a page of another site can make a browser send (CVE-2023-43472, CVE-2025-1473), and DNS rebinding.</summary>
public sealed class CrossSiteTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("text/plain", "Origin", "https://evil.example")]
    [InlineData("application/x-www-form-urlencoded", "Origin", "http://localhost:3000")]
    [InlineData("application/json", "Origin", "null")]
    [InlineData("application/json", "Sec-Fetch-Site", "cross-site")]
    [InlineData("application/json", "Sec-Fetch-Site", "same-site")]
    public async Task A_page_of_another_site_changes_nothing(string contentType, string header, string value)
    {
        await using var server = await RunningHost.StartAsync();
        foreach (var path in (string[])["/api/v1/principals", "/api/v1/keys", "/api/2.0/mlflow/experiments/create", "/v2/models/x/infer"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path)
            {
                Content = new StringContent("""{"name":"eve","role":"admin","principal":"eve"}""", Encoding.UTF8, contentType),
            };
            request.Headers.TryAddWithoutValidation(header, value);

            using var answer = await server.Http.SendAsync(request, Cancel);

            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }

        Assert.Contains("\"local\"", await server.Http.GetStringAsync("/api/v1/whoami", Cancel), StringComparison.Ordinal);
        Assert.Contains("\"items\":[]", await server.Http.GetStringAsync("/api/v1/keys", Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Sec-Fetch-Site", "none")]
    [InlineData("Origin", "{self}")]
    [InlineData("Origin", "https://ml.example.com")]
    [InlineData("X-Requested-With", "curl")]
    public async Task A_page_of_ours_and_a_program_may_go_on(string header, string value)
    {
        await using var server = await RunningHost.StartAsync(options => options with { AllowedHosts = ["ml.example.com"] });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/jobs/x/requeue");
        request.Headers.TryAddWithoutValidation(header, value.Replace("{self}", server.Host.Address.ToString(), StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.SendAsync(request, Cancel)).StatusCode);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:8080")]
    [InlineData("localhost.evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    public async Task A_name_that_is_not_this_machines_is_refused_also_for_reading(string host)
    {
        await using var server = await RunningHost.StartAsync();
        using var answer = await AskAsync(server, host);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("--allowed-hosts", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("localhost:1")]
    [InlineData("LOCALHOST")]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]:8080")]
    [InlineData("{machine}")]
    [InlineData("ml.example.com")]
    public async Task The_names_of_this_machine_and_those_allowed_are_taken(string host)
    {
        await using var server = await RunningHost.StartAsync(options => options with { AllowedHosts = ["ml.example.com"] });
        using var answer = await AskAsync(server, host.Replace("{machine}", Environment.MachineName, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("/api/v1/whoami", 200)]
    [InlineData("/api/v1/nothing", 404)]
    [InlineData("/metrics", 200)]
    [InlineData("/api/2.0/mlflow/nothing", 404)]
    public async Task No_browser_runs_frames_or_guesses_an_answer_and_none_sets_a_cookie(string path, int status)
    {
        await using var server = await RunningHost.StartAsync();

        using var answer = await server.Http.GetAsync(path, Cancel);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("nosniff", Header(answer, "X-Content-Type-Options"));
        Assert.Equal("DENY", Header(answer, "X-Frame-Options"));
        Assert.Equal("no-referrer", Header(answer, "Referrer-Policy"));
        Assert.StartsWith("default-src 'none'", Header(answer, "Content-Security-Policy"), StringComparison.Ordinal);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.False(answer.Headers.Contains("Server"));
    }

    private static Task<HttpResponseMessage> AskAsync(RunningHost server, string host)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/whoami");
        request.Headers.Host = host;
        return server.Http.SendAsync(request, Cancel);
    }

    private static string Header(HttpResponseMessage answer, string name) => Assert.Single(answer.Headers.GetValues(name));
}
