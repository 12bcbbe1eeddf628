using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using Slipway.Configuration;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Tracking;

namespace Slipway.Tests.Hosting.Security;

/// <summary>Sign-in with tokens of an OpenID Connect issuer.</summary>
public sealed class TokenTests : IAsyncLifetime
{
    private Issuer issuer = null!;
    private RunningHost server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        issuer = await Issuer.StartAsync();
        server = await RunningHost.StartAsync(options => options with { Oidc = Trusting(issuer.Address) });
    }

    [Fact]
    public async Task Claims_become_roles_everywhere_and_in_scopes()
    {
        var who = await WhoAsync(issuer.Token(new() { ["sub"] = "ada", ["roles"] = new[] { "ml-read", "flights-team", "other" } }));

        Assert.Equal("ada", (string?)who["name"]);
        Assert.Equal("viewer", (string?)who["role"]);
        Assert.Equal("""{"project/flights":"contributor"}""", who["grants"]!.ToJsonString());
    }

    [Fact]
    public async Task Somebody_without_a_role_is_known_and_may_nothing()
    {
        var token = issuer.Token(new() { ["sub"] = "nick" });
        Assert.Equal("none", (string?)(await WhoAsync(token))["role"]);
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(token, "/api/v1/endpoints")).StatusCode);
    }

    [Fact]
    public async Task What_the_principal_of_that_name_holds_is_added_and_a_disabled_one_is_turned_away()
    {
        var principals = server.Host.Services.GetRequiredService<PrincipalService>();
        var admin = new Actor("root", Role.Admin);
        await principals.CreateAsync(admin, "root", PrincipalKind.User, Role.Admin, Cancel);
        await principals.CreateAsync(admin, "ada", PrincipalKind.User, Role.Contributor, Cancel);
        var token = issuer.Token(new() { ["sub"] = "ada", ["roles"] = "ml-read" });
        Assert.Equal("contributor", (string?)(await WhoAsync(token))["role"]);

        await principals.ChangeAsync(admin, "ada", new PrincipalChange(null, Disabled: true), Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(token)).StatusCode);
    }

    [Theory]
    [InlineData("pipeline/retrain", "oidc:pipeline/retrain")]
    [InlineData("local", "oidc:local")]
    [InlineData("auth0|123", "oidc:auth0|123")]
    [InlineData("ada@example.com", "ada@example.com")]
    public async Task A_token_cannot_take_the_name_of_a_part_of_the_server(string sub, string name) =>
        Assert.Equal(name, (string?)(await WhoAsync(issuer.Token(new() { ["sub"] = sub })))["name"]);

    [Fact]
    public async Task Tokens_that_are_forged_foreign_or_old_open_nothing()
    {
        var claims = new Dictionary<string, object> { ["sub"] = "eve", ["roles"] = "ml-admin" };
        var good = issuer.Token(claims);
        using var foreign = RSA.Create(2048);
        var foreignKey = new SigningCredentials(new RsaSecurityKey(foreign) { KeyId = "k1" }, SecurityAlgorithms.RsaSha256);
        var parts = good.Split('.');
        var viewer = issuer.Token(new() { ["sub"] = "eve", ["roles"] = "ml-read" }).Split('.');
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(good)).StatusCode);

        string[] wrong =
        [
            issuer.Token(claims, audience: "another-service"),
            issuer.Token(claims, issuer: "https://issuer.example"),
            issuer.Token(claims, life: TimeSpan.FromMinutes(-2)),
            issuer.Token(claims, key: foreignKey),
            issuer.SignedWithThePublicKey(claims),
            Issuer.Unsigned(good),
            $"{viewer[0]}.{parts[1]}.{viewer[2]}",
            $"{parts[0]}.{parts[1]}.",
            issuer.Token(new() { ["roles"] = "ml-admin" }),
            "a.b.c",
        ];
        foreach (var token in wrong)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(token)).StatusCode);
        }
    }

    [Fact]
    public async Task A_link_ends_with_the_token_that_it_was_asked_for_with()
    {
        var run = await server.Host.Services.GetRequiredService<TrackingService>().StartRunAsync(Actors.Local, new RunStart(0), Cancel);
        var token = issuer.Token(new() { ["sub"] = "ada", ["roles"] = "ml-admin" }, life: TimeSpan.FromMinutes(3));

        Assert.Equal(EndOf(token), await LinkEndAsync(token, run.Id, expiration: 3600));
        Assert.InRange(await LinkEndAsync(token, run.Id, expiration: 60), 1, EndOf(token) - 60);
    }

    [Fact]
    public async Task Keys_open_the_same_server()
    {
        var made = await server.Host.Services.GetRequiredService<KeyService>().CreateAsync(
            Actors.Local, new KeyRequest("root", Role: Role.Admin), Cancel);
        Assert.Equal("root", (string?)(await WhoAsync(made.Text))["name"]);
    }

    [Fact]
    public async Task An_issuer_that_is_down_is_said_and_is_no_open_door()
    {
        await using var alone = await RunningHost.StartAsync(options => options with { Oidc = Trusting("http://127.0.0.1:9") });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/whoami");
        request.Headers.Authorization = new("Bearer", issuer.Token(new() { ["sub"] = "ada" }));

        using var answer = await alone.Http.SendAsync(request, Cancel);

        Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.ServiceUnavailable, HttpStatusCode.Unauthorized]);
    }

    [Fact]
    public async Task An_issuer_without_an_audience_would_open_the_door_to_tokens_for_others()
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => RunningHost.StartAsync(
            options => options with { Oidc = new OidcOptions { Authority = new Uri(issuer.Address) } }));
        Assert.Contains("--oidc-audience", error.Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await issuer.DisposeAsync();
    }

    private static OidcOptions Trusting(string address) => new()
    {
        Authority = new Uri(address),
        Audience = Issuer.Audience,
        Roles =
        [
            SettingValue.ClaimedRole("ml-read=viewer"), SettingValue.ClaimedRole("ml-admin=admin"),
            SettingValue.ClaimedRole("flights-team=contributor@project/flights"),
        ],
    };

    /// <returns>Seconds since the epoch.</returns>
    private static long EndOf(string token) =>
        (long)JsonNode.Parse(Base64UrlEncoder.Decode(token.Split('.')[1]))!["exp"]!;

    private async Task<long> LinkEndAsync(string token, string run, int expiration)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/2.0/mlflow/artifacts/presigned-upload-url");
        request.Headers.Authorization = new("Bearer", token);
        request.Content = JsonContent.Create(new { run_id = run, path = "a.txt", expiration });
        using var answer = await server.Http.SendAsync(request, Cancel);
        var link = (string)(await answer.Content.ReadFromJsonAsync<JsonNode>(Cancel))!["presigned_url"]!;
        return long.Parse(link.Split("expires=")[1].Split('&')[0], CultureInfo.InvariantCulture);
    }

    private async Task<JsonNode> WhoAsync(string token)
    {
        using var answer = await AskAsync(token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancel))!;
    }

    private Task<HttpResponseMessage> AskAsync(string token, string path = "/api/v1/whoami")
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new("Bearer", token);
        return server.Http.SendAsync(request, Cancel);
    }
}
