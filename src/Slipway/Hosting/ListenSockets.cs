using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Slipway.Configuration;
using Slipway.Core.Errors;

namespace Slipway.Hosting;

/// <summary>
/// The sockets a server listens on, opened before anything else happens: a port that is taken stops the start before the
/// data folder is touched, and port 0 has its real number before the first log line.
/// </summary>
internal sealed class ListenSockets : IDisposable
{
    private const int Backlog = 512;
    private readonly Dictionary<IPEndPoint, Socket> sockets = [];
    private readonly List<(IPEndPoint EndPoint, HttpProtocols Protocols)> endPoints = [];

    private ListenSockets()
    {
    }

    /// <summary>Real addresses, in the order of <see cref="SlipwayOptions.Urls"/>.</summary>
    public List<ListenAddress> Http { get; } = [];

    /// <summary>Real addresses, in the order of <see cref="SlipwayOptions.GrpcUrls"/>.</summary>
    public List<ListenAddress> Grpc { get; } = [];

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unavailable"/>: an address is taken, not ours, or not allowed.</exception>
    public static ListenSockets Open(SlipwayOptions options)
    {
        var opened = new ListenSockets();
        try
        {
            opened.Http.AddRange(options.Urls.Select(address => opened.Open(address, "urls", HttpProtocols.Http1)));
            opened.Grpc.AddRange(options.GrpcUrls.Select(address => opened.Open(address, "grpc-urls", HttpProtocols.Http2)));
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    public void Configure(KestrelServerOptions kestrel)
    {
        foreach (var (endPoint, protocols) in endPoints)
        {
            kestrel.Listen(endPoint, listen => listen.Protocols = protocols);
        }
    }

    /// <summary>Hands Kestrel the socket of an end point; the socket is Kestrel's from then on.</summary>
    public Socket Take(EndPoint endPoint) => sockets.Remove((IPEndPoint)endPoint, out var socket)
        ? socket
        : throw new InvalidOperationException($"No socket was opened for {endPoint}.");

    public void Dispose()
    {
        foreach (var socket in sockets.Values)
        {
            socket.Dispose();
        }

        sockets.Clear();
    }

    private static Socket Listen(ListenAddress address, string key)
    {
        var endPoint = address.ToEndPoint();
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(endPoint);

            // Two sockets may be bound to one port; only one may listen.
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new SlipwayException(ErrorKind.Unavailable, $"{Describe(address, error)}; choose another with --{key}", error);
        }
    }

    private static string Describe(ListenAddress address, SocketException error) => error.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => $"port {address.Port} is in use by another process ({address})",
        SocketError.AddressNotAvailable => $"{address.Host} is not an address of this machine ({address})",
        SocketError.AccessDenied => $"this user may not listen on port {address.Port} ({address})",
        _ => $"cannot listen on {address}: {error.Message}",
    };

    private ListenAddress Open(ListenAddress address, string key, HttpProtocols protocols)
    {
        var socket = Listen(address, key);
        var endPoint = (IPEndPoint)socket.LocalEndPoint!;
        sockets.Add(endPoint, socket);
        endPoints.Add((endPoint, protocols));
        return address with { Port = endPoint.Port };
    }
}
