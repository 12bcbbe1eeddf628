using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Slipway.Hosting.SignIn;

namespace Slipway.Tests.Hosting.Security;

/// <summary>Nothing is open because somebody forgot to close it.</summary>
public sealed partial class ClosedDoorTests
{
    /// <summary>What probes and clients ask before they have a key. Whoever adds a line here opens it to the world.</summary>
    private static readonly string[] Open =
    [
        "/healthz", "/livez", "/readyz", "/health", "/version", "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch",
        "/grpc.health.v1.Health/List",
    ];

    /// <summary>Links that carry a signed proof instead of a key, since clients follow them without one; no proof is 403.</summary>
    private static readonly string[] Proven = ["/mlflow-artifacts/links/", "/mlflow-artifacts/mpu/parts/"];

    [Fact]
    public async Task Every_route_but_those_of_probes_refuses_a_caller_nobody_knows()
    {
        await using var server = await ClosedHost.StartAsync();
        var routes = server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();
        Assert.True(routes.Count > 80, $"only {routes.Count} routes were found");

        var opened = new List<string>();
        foreach (var route in routes.Where(route => !Open.Contains(Path(route))))
        {
            foreach (var method in route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST"])
            {
                using var answer = await server.SendAsync(method, Path(route), content: method == "GET" ? null : new StringContent("{}"));
                var expected = Proven.Any(path => Path(route).Contains(path, StringComparison.Ordinal)) || route.Metadata.GetMetadata<TakesSignatures>() is not null
                    ? HttpStatusCode.Forbidden
                    : HttpStatusCode.Unauthorized;
                if (answer.StatusCode != expected)
                {
                    opened.Add($"{method} {route.RoutePattern.RawText} → {(int)answer.StatusCode}");
                }
            }
        }

        Assert.Empty(opened);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    [InlineData("/health")]
    [InlineData("/version")]
    public async Task Probes_need_no_key(string path)
    {
        await using var server = await ClosedHost.StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync("GET", path)).StatusCode);
    }

    [Theory]
    [InlineData("/api/v1/nothing")]
    [InlineData("/../../etc/passwd")]
    [InlineData("/admin")]
    public async Task What_does_not_exist_is_nobodys_business_either(string path)
    {
        await using var server = await ClosedHost.StartAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.SendAsync("GET", path)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync("GET", path, server.AdminKey)).StatusCode);
    }

    [Fact]
    public async Task A_refusal_is_a_problem_that_says_how_to_sign_in()
    {
        await using var server = await ClosedHost.StartAsync();

        using var answer = await server.SendAsync("GET", "/api/v1/endpoints");

        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(["Bearer", "Basic"], answer.Headers.WwwAuthenticate.Select(challenge => challenge.Scheme));
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal("unauthenticated", problem.RootElement.GetProperty("kind").GetString());
        Assert.Contains("Authorization: Bearer KEY", problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/2.0/mlflow/experiments/search")]
    [InlineData("/ajax-api/2.0/mlflow/experiments/search")]
    [InlineData("/api/3.0/mlflow/anything")]
    public async Task On_the_paths_of_MLflow_it_has_MLflows_shape(string path)
    {
        await using var server = await ClosedHost.StartAsync();

        using var answer = await server.SendAsync("GET", path);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.NotEmpty(answer.Headers.WwwAuthenticate);
        using var error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal("UNAUTHENTICATED", error.RootElement.GetProperty("error_code").GetString());
        Assert.NotEmpty(error.RootElement.GetProperty("message").GetString()!);
    }

    [Fact]
    public async Task On_the_paths_of_Open_Inference_it_has_that_protocols_shape()
    {
        await using var server = await ClosedHost.StartAsync();

        using var answer = await server.SendAsync("GET", "/v2/models/fraud");

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        using var error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.NotEmpty(error.RootElement.GetProperty("error").GetString()!);
    }

    [Fact]
    public async Task A_gRPC_call_gets_its_own_status()
    {
        await using var server = await ClosedHost.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(server.Running.Host.GrpcAddress.ToString()) };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/inference.GRPCInferenceService/ModelInfer")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, 0]) { Headers = { ContentType = new("application/grpc") } },
        };

        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);

        // gRPC's code 16 is UNAUTHENTICATED.
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("16", Assert.Single(answer.Headers.GetValues("grpc-status")));
    }

    private static string Path(RouteEndpoint route)
    {
        var path = new StringBuilder("/");
        path.Append(Parameter().Replace(route.RoutePattern.RawText!.TrimStart('/'), match => match.Value.Contains(":int", StringComparison.Ordinal) ? "1" : "x"));
        return path.ToString();
    }

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();
}
