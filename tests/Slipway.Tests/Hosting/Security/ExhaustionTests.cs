using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;

namespace Slipway.Tests.Hosting.Security;

/// <summary>Requests that are small to send and large to answer.</summary>
public sealed class ExhaustionTests
{
    private sealed record Row(string Name);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>10 MB of zeros are 10 kB of gzip; the limit counts what comes out.</summary>
    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_bomb_is_refused_as_too_large(string encoding)
    {
        await using var server = await RowsAsync();
        var bomb = Packed(encoding, $"{{\"name\":\"{new string('0', 10_000_000)}\"}}");
        Assert.InRange(bomb.Length, 1, 1 << 20);

        using var answer = await SendAsync(server, bomb, encoding);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Contains("1048576 bytes", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_packed_body_of_a_fair_size_is_read(string encoding)
    {
        await using var server = await RowsAsync();
        using var answer = await SendAsync(server, Packed(encoding, """{"name":"a"}"""), encoding);
        Assert.Equal("a", await answer.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Nobody_unpacks_anything_for_a_caller_it_does_not_know()
    {
        await using var server = await ClosedHost.StartAsync(options => options with { MaxBodySize = 1 << 20 });
        using var answer = await SendAsync(server.Running, Packed("gzip", new string('0', 10_000_000)), "gzip", "/api/v1/keys");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_body_that_is_not_packed_as_it_says_is_the_callers_mistake(string encoding)
    {
        await using var server = await RowsAsync();
        using var answer = await SendAsync(server, "not packed at all"u8.ToArray(), encoding);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"packed as {encoding}", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deep_JSON_long_queries_and_many_headers_are_refused()
    {
        await using var server = await RowsAsync();
        var deep = new StringContent(
            $"{{\"name\":{new string('[', 5000)}{new string(']', 5000)}}}", Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, (await server.Http.PostAsync("/rows", deep, Cancel)).StatusCode);

        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync($"/api/v1/whoami?x={new string('a', 12_000)}", Cancel)).StatusCode);
        Assert.Equal(
            HttpStatusCode.RequestUriTooLong, (await server.Http.GetAsync($"/api/v1/whoami?x={new string('a', 20_000)}", Cancel)).StatusCode);

        using var large = new HttpRequestMessage(HttpMethod.Get, "/api/v1/whoami");
        large.Headers.Add("X-Large", new string('a', 40_000));
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, (await server.Http.SendAsync(large, Cancel)).StatusCode);
        using var many = new HttpRequestMessage(HttpMethod.Get, "/api/v1/whoami");
        for (var i = 0; i < 200; i++)
        {
            many.Headers.Add($"X-{i}", "1");
        }

        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, (await server.Http.SendAsync(many, Cancel)).StatusCode);
    }

    private static Task<RunningHost> RowsAsync() => RunningHost.StartAsync(
        options => options with { MaxBodySize = 1 << 20 }, map: app => app.MapPost("/rows", (Row row) => row.Name));

    private static async Task<HttpResponseMessage> SendAsync(RunningHost server, byte[] body, string encoding, string path = "/rows")
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new("application/json");
        content.Headers.ContentEncoding.Add(encoding);
        return await server.Http.PostAsync(path, content, Cancel);
    }

    private static byte[] Packed(string encoding, string text)
    {
        var packed = new MemoryStream();
        using (Stream packing = encoding switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Fastest),
            "br" => new BrotliStream(packed, CompressionLevel.Fastest),
            _ => new ZLibStream(packed, CompressionLevel.Fastest),
        })
        {
            packing.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }
}
