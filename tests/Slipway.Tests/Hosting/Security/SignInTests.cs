using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Slipway.Configuration;
using Slipway.Core.Errors;
using Slipway.Hosting.SignIn;
using Slipway.Platform.Access;
using Slipway.Tests.Serving;

namespace Slipway.Tests.Hosting.Security;

public sealed class SignInTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_on_loopback_asks_nobody_until_somebody_has_a_key()
    {
        await using var server = await RunningHost.StartAsync();
        Assert.Equal("local", await NameAsync(await server.Http.GetAsync("/api/v1/whoami", Cancel)));

        using var made = await server.Http.PostAsync("/api/v1/keys", Json("""{"principal":"ada","role":"admin"}"""), Cancel);
        var key = JsonDocument.Parse(await made.Content.ReadAsStringAsync(Cancel)).RootElement.GetProperty("text").GetString()!;

        Assert.Equal("no-store", made.Headers.CacheControl?.ToString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Http.GetAsync("/api/v1/whoami", Cancel)).StatusCode);
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        Assert.Equal("ada", await NameAsync(await server.Http.GetAsync("/api/v1/whoami", Cancel)));
    }

    [Fact]
    public async Task A_key_comes_as_Bearer_as_password_of_anybody_or_as_X_Api_Key()
    {
        await using var server = await ClosedHost.StartAsync();
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"whoever:{server.AdminKey}"));

        Assert.Equal("root", await NameAsync(await WhoAsync(server, "Authorization", $"Bearer {server.AdminKey}")));
        Assert.Equal("root", await NameAsync(await WhoAsync(server, "Authorization", $"bearer {server.AdminKey}")));
        Assert.Equal("root", await NameAsync(await WhoAsync(server, "Authorization", $"Basic {basic}")));
        Assert.Equal("root", await NameAsync(await WhoAsync(server, "X-Api-Key", server.AdminKey)));
    }

    [Theory]
    [InlineData("Authorization", "Bearer slipway_000000000000_0000000000000000000000000000000000000000000")]
    [InlineData("Authorization", "Bearer not-a-key")]
    [InlineData("Authorization", "Bearer ")]
    [InlineData("Authorization", "Basic !!!")]
    [InlineData("Authorization", "Basic cm9vdDo=")] // root: and an empty password
    [InlineData("Authorization", "Basic YWRtaW46cGFzc3dvcmQ=")] // admin:password
    [InlineData("Authorization", "Basic YWRtaW46cGFzc3dvcmQxMjM0")] // admin:password1234, MLflow's default
    [InlineData("Authorization", "Negotiate abc")]
    [InlineData("Cookie", "key={key}")]
    [InlineData("X-Api-Key", "root")]
    [InlineData("X-Forwarded-User", "root")]
    [InlineData("X-Slipway-Actor", "root")]
    public async Task Nothing_else_opens_the_door(string header, string value)
    {
        await using var server = await ClosedHost.StartAsync();
        using var answer = await WhoAsync(server, header, value.Replace("{key}", server.AdminKey, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task A_key_in_the_query_is_not_looked_at()
    {
        await using var server = await ClosedHost.StartAsync();
        using var answer = await server.SendAsync("GET", $"/api/v1/whoami?key={server.AdminKey}&api_key={server.AdminKey}");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task A_role_opens_what_it_is_for()
    {
        await using var server = await ClosedHost.StartAsync();
        var viewer = await server.KeyAsync("vera", Role.Viewer);
        var nobody = await server.KeyAsync("nick", Role.None);
        var reader = await server.KeyAsync("ada", Role.Admin, [KeyScope.Read]);

        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync("GET", "/api/v1/endpoints", viewer)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync("GET", "/metrics", viewer)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync("POST", "/api/v1/jobs/x/requeue", viewer)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync("POST", "/api/v1/jobs/x/requeue", reader)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync("POST", "/api/v1/jobs/x/requeue", server.AdminKey)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync("GET", "/metrics", nobody)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync("GET", "/api/v1/runs/x", nobody)).StatusCode);
        Assert.Equal("nick", await NameAsync(await server.SendAsync("GET", "/api/v1/whoami", nobody)));
    }

    /// <summary>CVE-2023-6014, CVE-2025-1474: users made without permission.</summary>
    [Theory]
    [InlineData("POST", "/api/v1/principals", """{"name":"eve","role":"admin"}""")]
    [InlineData("POST", "/api/v1/keys", """{"principal":"root"}""")]
    [InlineData("POST", "/api/v1/keys", """{"principal":"eve","role":"admin"}""")]
    [InlineData("PATCH", "/api/v1/principals/vera", """{"role":"admin"}""")]
    [InlineData("PUT", "/api/v1/principals/vera/grants/project/flights", """{"role":"admin"}""")]
    [InlineData("PUT", "/api/v1/approval-policies/project/flights", """{"required":0,"authorMayApprove":true}""")]
    [InlineData("DELETE", "/api/v1/principals/root", "")]
    public async Task Only_an_admin_changes_who_may_do_what(string method, string path, string body)
    {
        await using var server = await ClosedHost.StartAsync();
        var key = await server.KeyAsync("vera", Role.Approver);

        Assert.Equal(HttpStatusCode.Unauthorized, (await server.SendAsync(method, path, content: Json(body))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync(method, path, key, Json(body))).StatusCode);

        using var page = await server.SendAsync("GET", "/api/v1/principals", server.AdminKey);
        var names = JsonDocument.Parse(await page.Content.ReadAsStringAsync(Cancel)).RootElement.GetProperty("items").EnumerateArray();
        Assert.Equal(["root", "vera"], names.Select(principal => principal.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task After_twenty_wrong_keys_in_a_minute_an_address_waits_and_known_keys_still_work()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 15, TimeSpan.Zero));
        await using var server = await ClosedHost.StartAsync(add: services => services.AddSingleton(new FailureLimit(time)));
        var fresh = await server.KeyAsync("vera", Role.Viewer);
        Assert.Equal("root", await NameAsync(await server.SendAsync("GET", "/api/v1/whoami", server.AdminKey)));

        for (var i = 0; i < FailureLimit.PerMinute; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await server.SendAsync("GET", "/api/v1/whoami", "wrong")).StatusCode);
        }

        using var refused = await server.SendAsync("GET", "/api/v1/whoami", "wrong");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(45), refused.Headers.RetryAfter?.Delta);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await server.SendAsync("GET", "/api/v1/whoami", fresh)).StatusCode);
        Assert.Equal("root", await NameAsync(await server.SendAsync("GET", "/api/v1/whoami", server.AdminKey)));

        time.Advance(TimeSpan.FromSeconds(45));
        Assert.Equal("vera", await NameAsync(await server.SendAsync("GET", "/api/v1/whoami", fresh)));
    }

    [Fact]
    public async Task A_handler_that_takes_an_actor_gets_nobody_at_an_open_address()
    {
        await using var server = await ClosedHost.StartAsync(
            map: app => app.MapGet("/open", (Actor actor) => $"{actor.Name} {actor.Role}").AllowAnonymous());
        Assert.Equal("nobody None", await server.Http.GetStringAsync("/open", Cancel));
    }

    [Fact]
    public async Task Predictions_need_the_scope_and_a_role_on_the_model()
    {
        using var folder = new TempFolder();
        await File.WriteAllBytesAsync(folder.Combine("fraud.onnx"), TestModels.Echo, Cancel);
        await using var server = await ClosedHost.StartAsync(
            options => options with { Models = [new ModelFile("fraud", folder.Combine("fraud.onnx"))] });
        var allowed = await server.KeyAsync("app", Role.None, [KeyScope.Predict], ("model/fraud", Role.Viewer));
        var elsewhere = await server.KeyAsync("other", Role.None, [KeyScope.Predict], ("model/delay", Role.Viewer));
        var writer = await server.KeyAsync("carl", Role.Contributor, [KeyScope.Write]);

        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync("GET", "/v2/models/fraud", allowed)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync("GET", "/v2/health/ready", allowed)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync("GET", "/v2/models/fraud", elsewhere)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync("POST", "/v2/models/fraud/infer", elsewhere, Json("{}"))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync("POST", "/v2/models/fraud/infer", writer, Json("{}"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.SendAsync("POST", "/v2/models/fraud/infer", allowed, Json("{}"))).StatusCode);
        Assert.Equal(
            HttpStatusCode.Forbidden, (await server.SendAsync("POST", "/api/v1/endpoints/fraud/predict", elsewhere, Json("{}"))).StatusCode);
        const string outcome = """{"outcomes": [{"predictionId": "p", "value": 1}]}""";
        var reader = await server.KeyAsync("rita", Role.Viewer, [KeyScope.Read]);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync("POST", "/api/v1/feedback", allowed, Json(outcome))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync("POST", "/api/v1/feedback", reader, Json(outcome))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync("POST", "/api/v1/feedback", writer, Json(outcome))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync("GET", "/api/v1/endpoints", allowed)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync("GET", "/api/v1/experiments", allowed)).StatusCode);
    }

    [Theory]
    [InlineData("off", "--auth off asks nobody")]
    [InlineData("auto", "nobody has a key yet; make the first one with 'slipway keys create --admin NAME'")]
    [InlineData("required", "nobody has a key yet; make the first one with 'slipway keys create --admin NAME'")]
    public async Task A_server_beyond_loopback_does_not_start_open_by_mistake(string auth, string why)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => RunningHost.StartAsync(
            options => options with { Auth = SettingValue.Choice<AuthMode>(auth), Urls = [new ListenAddress("0.0.0.0", 0)] }));
        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Beyond_loopback_it_starts_open_where_that_is_said_by_name()
    {
        await using var server = await RunningHost.StartAsync(
            options => options with { AllowAnonymous = true, GrpcUrls = [new ListenAddress("0.0.0.0", 0)] });
        Assert.Equal("local", await NameAsync(await server.Http.GetAsync("/api/v1/whoami", Cancel)));
    }

    [Fact]
    public async Task With_auth_off_keys_are_not_looked_at()
    {
        await using var server = await ClosedHost.StartAsync(options => options with { Auth = AuthMode.Off });
        Assert.Equal("local", await NameAsync(await server.SendAsync("GET", "/api/v1/whoami", "wrong")));
    }

    private static Task<HttpResponseMessage> WhoAsync(ClosedHost server, string header, string value) =>
        server.SendAsync("GET", "/api/v1/whoami", headers: (header, value));

    private static async Task<string?> NameAsync(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var who = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel));
        return who.RootElement.GetProperty("name").GetString();
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}
