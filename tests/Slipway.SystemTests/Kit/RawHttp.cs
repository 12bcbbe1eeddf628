using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Slipway.SystemTests.Kit;

/// <summary>An answer as it came over the wire.</summary>
public sealed record RawAnswer(int Status, string Text);

/// <summary>Requests written byte by byte, so that no client library tidies up a path on its way.</summary>
public static class RawHttp
{
    /// <param name="target">As it stands in the request line.</param>
    public static async Task<RawAnswer> SendAsync(Uri server, string method, string target, string? body, CancellationToken cancel)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, cancel);
        await using var stream = client.GetStream();
        var content = Encoding.UTF8.GetBytes(body ?? "");
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"{method} {target} HTTP/1.1\r\nHost: {server.Authority}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {content.Length}\r\n\r\n");
        await stream.WriteAsync(Encoding.Latin1.GetBytes(head), cancel);
        try
        {
            await stream.WriteAsync(content, cancel);
        }
        catch (IOException)
        {
            // Refused before the body was read; the answer is there.
        }

        using var reader = new StreamReader(stream, Encoding.UTF8);
        var text = await reader.ReadToEndAsync(cancel);
        return new RawAnswer(int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture), text);
    }
}
