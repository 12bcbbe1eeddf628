using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Slipway.Hosting.SignIn;
using Slipway.Platform.Access;

namespace Slipway.Tests.Hosting.Security;

/// <summary>AWS Signature Version 4: the signer by the vectors that AWS published, and the door that asks for it.</summary>
public sealed class SignatureTests
{
    private const string EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly ConditionalWeakTable<ClosedHost, NewKey> Made = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <remarks>
    /// From the signature test suite of AWS: user AKIDEXAMPLE, region us-east-1, service "service", 2015-08-30 12:36:00 UTC. Their names:
    /// get-vanilla, get-vanilla-query-order-key-case, get-vanilla-query-unreserved, get-utf8, get-header-value-trim, post-vanilla.
    /// </remarks>
    [Theory]
    [InlineData("GET", "/", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")]
    [InlineData("GET", "/?Param2=value2&Param1=value1", "", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")]
    [InlineData("GET",
        "/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197")]
    [InlineData("GET", "/\u1234", "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85")]
    [InlineData("GET", "/", "my-header1: value1|my-header2: \"a   b   c\"", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736")]
    [InlineData("POST", "/", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")]
    public void The_published_vectors_are_met(string method, string target, string more, string expected)
    {
        var headers = new List<(string, string[])> { ("host", ["example.amazonaws.com"]) };
        headers.AddRange(more.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(h => (h.Split(':')[0], (string[])[h.Split(':')[1]])));
        headers.Add(("x-amz-date", ["20150830T123600Z"]));
        var signature = Parse("AKIDEXAMPLE", "service", expected);

        var computed = signature.Compute(
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830T123600Z", CanonicalRequest.Of(method, target, headers, EmptyHash));

        Assert.Equal(expected, computed);
        Assert.True(signature.Matches(computed));
    }

    [Theory]
    [InlineData("/a%20b", "/a%2520b")] // escaped once more
    [InlineData("/./a/../b//c/", "/b/c/")]
    [InlineData("/x?b=2&a&a=%7e+&B=1", "/x\nB=1&a=&a=~%2B&b=2")] // by bytes, no plus for a space, ~ as it is
    public void Paths_and_queries_have_one_form(string target, string expected)
    {
        var lines = CanonicalRequest.Of("GET", target, [], EmptyHash).Split('\n');
        Assert.Equal(expected.Contains('\n', StringComparison.Ordinal) ? expected : expected + "\n", $"{lines[1]}\n{lines[2]}");
    }

    [Theory]
    [InlineData("AWS4-HMAC-SHA256 Credential=a/20150830/r/s, SignedHeaders=host, Signature=00")]
    [InlineData("AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, Signature=00")]
    [InlineData("AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, Credential=b, SignedHeaders=host, Signature=00")]
    [InlineData("AWS4-HMAC-SHA256 nothing")]
    [InlineData("Bearer x")]
    public void What_is_no_signature_is_none(string header) => Assert.Null(SignatureV4.Parse(header));

    [Fact]
    public async Task A_signed_request_acts_as_the_keys_owner_and_the_handler_reads_the_body()
    {
        await using var server = await StartAsync();
        Assert.Equal((HttpStatusCode.OK, "ada: {\"a\":1}"), await SendAsync(server, Ada(server), "PUT", "/signed/x?q=1", """{"a":1}""", Now));
        Assert.Equal((HttpStatusCode.OK, "ada: "), await SendAsync(server, Ada(server), "PUT", "/signed/x", "", Now));
    }

    [Theory]
    [InlineData(-900, HttpStatusCode.OK)]
    [InlineData(900, HttpStatusCode.OK)]
    [InlineData(-901, HttpStatusCode.Unauthorized)]
    [InlineData(901, HttpStatusCode.Unauthorized)]
    public async Task A_signature_holds_for_fifteen_minutes_around_its_time(int seconds, HttpStatusCode expected)
    {
        await using var server = await StartAsync();
        Assert.Equal(expected, (await SendAsync(server, Ada(server), "PUT", "/signed/x", "", Now.AddSeconds(seconds))).Status);
    }

    [Fact]
    public async Task Nothing_of_a_signed_request_can_be_changed()
    {
        await using var server = await StartAsync();
        await RefusedAsync(server, request => request.Content = new StringContent("""{"a":2}""", Encoding.UTF8, "application/json"));
        await RefusedAsync(server, request => request.Method = HttpMethod.Delete);
        await RefusedAsync(server, request => request.RequestUri = new Uri(server.Http.BaseAddress!, "/signed/x?q=2"));
        await RefusedAsync(server, request => request.Headers.Add("X-Amz-Target", "added"));
        await RefusedAsync(server, request => request.Headers.Add("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"));
        await RefusedAsync(server, request => request.Headers.Host = "elsewhere");
        Assert.Equal(HttpStatusCode.OK, (await RequestAsync(server, _ => { })).StatusCode);
    }

    [Fact]
    public async Task Another_secret_another_service_a_key_without_one_and_a_revoked_key_are_refused()
    {
        await using var server = await StartAsync();
        var keys = server.Services.GetRequiredService<KeyService>();
        var plain = await keys.CreateAsync(Actors.Local, new KeyRequest("ada"), Cancel);

        foreach (var wrong in new[] { Ada(server) with { Secret = "guess" }, Ada(server) with { Service = "s3" }, new HandSigner(plain.Key.Id, plain.Text), new HandSigner("nobody", "x") })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(server, wrong, "PUT", "/signed/x", "", Now)).Status);
        }

        var ada = Ada(server);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(server, ada, "PUT", "/signed/x", "", Now)).Status);
        await keys.RevokeAsync(Actors.Local, ada.KeyId, Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(server, ada, "PUT", "/signed/x", "", Now)).Status);
    }

    [Fact]
    public async Task Only_routes_that_say_so_take_signatures()
    {
        await using var server = await StartAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(server, Ada(server), "GET", "/api/v1/whoami", "", Now)).Status);
    }

    private static HandSigner Ada(ClosedHost server) =>
        Made.TryGetValue(server, out var key) ? new HandSigner(key.Key.Id, key.SigningSecret!) : throw new InvalidOperationException();

    private static async Task<ClosedHost> StartAsync()
    {
        var server = await ClosedHost.StartAsync(
            add: services => services.AddSingleton<TimeProvider>(new FakeTimeProvider(Now)),
            map: app => app.MapPut("/signed/x", EchoAsync).WithMetadata(new TakesSignatures("sagemaker")).NeedsSignIn());
        Made.Add(server, await server.Services.GetRequiredService<KeyService>().CreateAsync(
            Actors.Local, new KeyRequest("ada", Role: Role.Contributor, Signing: true), Cancel));
        return server;
    }

    private static async Task<string> EchoAsync(HttpContext context, Actor actor)
    {
        using var reader = new StreamReader(context.Request.Body);
        return $"{actor.Name}: {await reader.ReadToEndAsync(Cancel)}";
    }

    private static async Task<HttpResponseMessage> RequestAsync(ClosedHost server, Action<HttpRequestMessage> change)
    {
        var request = Ada(server).Sign(server.Http.BaseAddress!, "PUT", "/signed/x?q=1", """{"a":1}""", Now);
        change(request);
        return await server.Http.SendAsync(request, Cancel);
    }

    private static async Task RefusedAsync(ClosedHost server, Action<HttpRequestMessage> change) =>
        Assert.False((await RequestAsync(server, change)).IsSuccessStatusCode);

    private static async Task<(HttpStatusCode Status, string Body)> SendAsync(
        ClosedHost server, HandSigner signer, string method, string tail, string body, DateTimeOffset at)
    {
        using var response = await server.Http.SendAsync(signer.Sign(server.Http.BaseAddress!, method, tail, body, at), Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }

    private static SignatureV4 Parse(string id, string service, string hex) => SignatureV4.Parse(
        $"AWS4-HMAC-SHA256 Credential={id}/20150830/us-east-1/{service}/aws4_request, SignedHeaders=host;x-amz-date, Signature={hex}")!;
}
