using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Slipway.Benchmarks;

/// <summary>
/// One kept-alive HTTP/1.1 connection that sends finished bytes and reads answers without making objects, so that what it
/// costs is as little as a driver on the server's own cores can.
/// </summary>
internal sealed class LeanHttp : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] buffer = new byte[1 << 16];
    private int filled;

    private LeanHttp()
    {
    }

    /// <summary>The body of the last answer; valid until the next request.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    public static async Task<LeanHttp> ConnectAsync(int port, CancellationToken cancel)
    {
        var connection = new LeanHttp();
        await connection.socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancel);
        return connection;
    }

    public static byte[] Get(string path) => Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");

    public static byte[] Post(string path, string body) =>
        Encoding.UTF8.GetBytes($"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    /// <exception cref="InvalidOperationException">The answer is not 200.</exception>
    public async Task SendAsync(ReadOnlyMemory<byte> request, CancellationToken cancel)
    {
        await socket.SendAsync(request, SocketFlags.None, cancel);
        filled = 0;
        int end;
        while ((end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            await ReceiveAsync(cancel);
        }

        var head = end + 4;
        var length = LengthOf(buffer.AsSpan(0, head));
        Body = length >= 0 ? await WholeAsync(head, length, cancel) : await ChunksAsync(head, cancel);
        if (!buffer.AsSpan(0, 12).SequenceEqual("HTTP/1.1 200"u8))
        {
            throw new InvalidOperationException($"{Encoding.UTF8.GetString(buffer, 0, end)}\n{Encoding.UTF8.GetString(Body.Span)}");
        }
    }

    public void Dispose() => socket.Dispose();

    private async ValueTask<ReadOnlyMemory<byte>> WholeAsync(int head, int length, CancellationToken cancel)
    {
        while (filled < head + length)
        {
            await ReceiveAsync(cancel);
        }

        return buffer.AsMemory(head, length);
    }

    /// <summary>Moves the chunks together, over the lines that say how long they are.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> ChunksAsync(int head, CancellationToken cancel)
    {
        var (at, to) = (head, head);
        while (true)
        {
            int line;
            while ((line = buffer.AsSpan(at, filled - at).IndexOf("\r\n"u8)) < 0)
            {
                await ReceiveAsync(cancel);
            }

            if (!Utf8Parser.TryParse(buffer.AsSpan(at, line), out int size, out _, 'x'))
            {
                throw new InvalidOperationException("The server sent a chunk without its length.");
            }

            while (filled < at + line + 2 + size + 2)
            {
                await ReceiveAsync(cancel);
            }

            buffer.AsSpan(at + line + 2, size).CopyTo(buffer.AsSpan(to));
            (at, to) = (at + line + 2 + size + 2, to + size);
            if (size == 0)
            {
                return buffer.AsMemory(head, to - head);
            }
        }
    }

    private async ValueTask ReceiveAsync(CancellationToken cancel)
    {
        if (filled == buffer.Length)
        {
            Array.Resize(ref buffer, buffer.Length * 2);
        }

        var read = await socket.ReceiveAsync(buffer.AsMemory(filled), SocketFlags.None, cancel);
        filled += read > 0 ? read : throw new InvalidOperationException("The server closed the connection.");
    }

    private static int LengthOf(ReadOnlySpan<byte> head)
    {
        var at = head.IndexOf("Content-Length: "u8);
        return at >= 0 && Utf8Parser.TryParse(head[(at + 16)..], out int length, out _) ? length : -1;
    }
}
