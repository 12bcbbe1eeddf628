using System.Net;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Outgoing;
using Slipway.Tests.Client;

namespace Slipway.Tests.Foundation;

/// <summary>Server-side request forgery (CVE-2023-6974, CVE-2025-14279): what users give as a URL reaches no inner address.</summary>
public sealed class OutgoingTests
{
    private static readonly OutgoingAddressPolicy Strict = new([]);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <remarks>Ranges of IANA's special-purpose registries, and forms of IPv6 that stand for an IPv4 address.</remarks>
    [Theory]
    [InlineData("127.0.0.1", "loopback")]
    [InlineData("127.255.255.254", "loopback")]
    [InlineData("::1", "loopback")]
    [InlineData("0.0.0.0", "unspecified")]
    [InlineData("::", "unspecified")]
    [InlineData("169.254.169.254", "link-local")]
    [InlineData("fe80::1", "link-local")]
    [InlineData("10.0.0.1", "private")]
    [InlineData("172.31.255.255", "private")]
    [InlineData("192.168.1.1", "private")]
    [InlineData("fd00:ec2::254", "private")]
    [InlineData("100.100.100.200", "shared by a provider's customers")]
    [InlineData("224.0.0.1", "multicast")]
    [InlineData("255.255.255.255", "reserved")]
    [InlineData("::ffff:127.0.0.1", "loopback")]
    [InlineData("::ffff:169.254.169.254", "link-local")]
    [InlineData("64:ff9b::10.0.0.1", "private")]
    [InlineData("2002:7f00:0001::1", "loopback")]
    [InlineData("::10.0.0.1", "private")]
    [InlineData("2001:0:a00:1::1", "for protocols, documentation or tests")]
    public void An_address_that_is_not_public_is_not_called(string address, string use) => Assert.Contains(
        $"is {use};", Strict.Refusal("hooks.example", IPAddress.Parse(address)), StringComparison.Ordinal);

    [Theory]
    [InlineData("93.184.215.14")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("11.0.0.1")]
    [InlineData("2606:4700::1111")]
    [InlineData("64:ff9b::8.8.8.8")]
    public void A_public_address_is_called(string address) => Assert.Null(Strict.Refusal("hooks.example", IPAddress.Parse(address)));

    [Theory]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://127.1/")]
    [InlineData("http://2130706433/")]
    [InlineData("http://0x7f.0.0.1/")]
    [InlineData("http://017700000001/")]
    [InlineData("http://[::1]:8080/")]
    [InlineData("http://[::ffff:10.0.0.1]/")]
    [InlineData("https://localhost/hook")]
    [InlineData("https://LOCALHOST./hook")]
    [InlineData("https://anything.localhost/hook")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://user:password@example.org/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://example.org/")]
    [InlineData("hooks.example")]
    public void A_URL_that_could_never_be_called_is_refused_when_it_is_given(string url) =>
        Assert.Equal(ErrorKind.Invalid, Assert.Throws<SlipwayException>(() => Strict.Check(url)).Kind);

    [Theory]
    [InlineData("127.0.0.1", "http://127.0.0.1:9/")]
    [InlineData("10.1.0.0/16", "http://10.1.2.3/")]
    [InlineData("localhost", "http://localhost/")]
    [InlineData("hooks.internal", "http://hooks.internal/")]
    public void What_the_operator_allows_is_called(string allowed, string url)
    {
        new OutgoingAddressPolicy([AllowedTarget.Parse(allowed)]).Check(url);
        Assert.Null(new OutgoingAddressPolicy([AllowedTarget.Parse(allowed)]).Refusal(
            new Uri(url).Host, IPAddress.TryParse(new Uri(url).Host, out var address) ? address : IPAddress.Parse("10.9.9.9")));
    }

    /// <summary>An operator's own setting names a receiver on the inside, which nobody else may call for that.</summary>
    [Theory]
    [InlineData("http://marquez_1:5000/", "marquez_1", "10.9.9.9")]
    [InlineData("http://[::1]:5000/", "::1", "::1")]
    [InlineData("http://127.1/", "127.0.0.1", "127.0.0.1")]
    public void What_the_operator_configured_for_one_caller_is_called_by_that_one_alone(string url, string host, string address)
    {
        var own = Strict.With(AllowedTarget.HostOf(new Uri(url)));

        Assert.Null(own.Refusal(host, IPAddress.Parse(address)));
        Assert.NotNull(own.Refusal("other.internal", IPAddress.Parse("10.9.9.8")));
        Assert.NotNull(Strict.Refusal(host, IPAddress.Parse(address)));
    }

    [Theory]
    [InlineData("10.1.0.0/99")]
    [InlineData("a b")]
    [InlineData("")]
    public void An_entry_that_is_no_target_is_named(string text) => Assert.Throws<FormatException>(() => AllowedTarget.Parse(text));

    /// <summary>A name is looked at when it is called: this one stands for loopback, whatever it looked like before.</summary>
    [Fact]
    public async Task A_name_that_stands_for_this_machine_is_not_called()
    {
        await using var inner = await ScriptedServer.StartAsync((_, _, _) => Task.CompletedTask);
        using var http = new HttpClient(Strict.CreateHandler());

        var error = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync($"http://localhost:{inner.Address.Port}/", Cancel));

        Assert.Contains("is loopback; the operator allows it with --allow-outgoing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_is_not_followed_unless_asked_for_and_never_to_an_inner_address()
    {
        await using var inner = await ScriptedServer.StartAsync((_, _, _) => Task.CompletedTask);
        await using var outer = await ScriptedServer.StartAsync((context, _, _) =>
        {
            context.Response.Redirect($"http://localhost:{inner.Address.Port}/secret");
            return Task.CompletedTask;
        });
        using var plain = new HttpClient(new OutgoingAddressPolicy([AllowedTarget.Parse("127.0.0.1")]).CreateHandler());
        Assert.Equal(HttpStatusCode.Redirect, (await plain.GetAsync(outer.Address, Cancel)).StatusCode);

        var following = Strict.CreateHandler();
        following.AllowAutoRedirect = true;
        var guarded = following.ConnectCallback!;
        following.ConnectCallback = async (context, cancel) =>
        {
            // Nothing public can be called in a test; this name stands for it.
            if (context.DnsEndPoint.Host != "public.example")
            {
                return await guarded(context, cancel);
            }

            var client = new System.Net.Sockets.TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, outer.Address.Port, cancel);
            return client.GetStream();
        };
        using var lured = new HttpClient(following);
        await Assert.ThrowsAsync<HttpRequestException>(() => lured.GetAsync("http://public.example/", Cancel));
        Assert.Empty(inner.Requests);
    }
}
