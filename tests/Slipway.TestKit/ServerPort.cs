using System.Net;
using System.Net.Sockets;

namespace Slipway.TestKit;

/// <summary>
/// Ports for servers that are given one. Below the range that port 0 draws from (32768 and up), apart by process, and each given
/// once: between the look and the server's own start nobody else takes it.
/// </summary>
internal static class ServerPort
{
    private static int given;

    public static int Next()
    {
        while (true)
        {
            var port = 20000 + ((Environment.ProcessId * 16) + Interlocked.Increment(ref given)) % 12000;
            using var probe = new TcpListener(IPAddress.Loopback, port);
            try
            {
                probe.Start();
                return port;
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Try the next one.
            }
        }
    }
}
