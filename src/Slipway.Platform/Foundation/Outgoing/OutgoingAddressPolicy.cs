using System.Net;
using System.Net.Sockets;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Outgoing;

/// <summary>
/// Keeps calls to URLs that users gave away from this machine and its network: only public addresses are called, and those the
/// operator allowed. It looks at the address of each connection, after DNS and after every redirect, so a name that changes its
/// address between a check and the call gains nothing.
/// </summary>
public sealed class OutgoingAddressPolicy(IReadOnlyList<AllowedTarget> allowed)
{
    /// <summary>This policy for one caller, who may call <paramref name="target"/> as well.</summary>
    public OutgoingAddressPolicy With(AllowedTarget target) => new([.. allowed, target]);

    /// <summary>A handler whose connections follow the policy. It uses no proxy, which would hide the address that is called.</summary>
    /// <remarks>Redirects are not followed unless the caller turns them on; those connections follow the policy as well.</remarks>
    public SocketsHttpHandler CreateHandler() => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectCallback = (context, cancel) => ConnectAsync(context.DnsEndPoint, cancel),
    };

    /// <summary>Refuses at once a URL that could never be called; what a name stands for is seen at the call.</summary>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/>: it is no absolute http or https URL, carries a password, or names an address that is not allowed.
    /// </exception>
    public void Check(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var target) || target.Scheme is not ("http" or "https"))
        {
            throw SlipwayException.Invalid($"'{url}' is not an absolute http or https URL.");
        }

        if (target.UserInfo.Length > 0)
        {
            throw SlipwayException.Invalid($"The URL for {target.Host} carries a user or password, which would be stored and shown.");
        }

        // A name may end with the dot of the root and means the same.
        var host = target.IdnHost.TrimEnd('.');
        var address = IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? literal : IsLocalName(host) ? IPAddress.Loopback : null;
        if (address is not null && Refusal(host, address) is { } refusal)
        {
            throw SlipwayException.Invalid(refusal);
        }
    }

    /// <returns>Why the address may not be called, or null.</returns>
    public string? Refusal(string host, IPAddress address)
    {
        var real = AddressRange.Embedded(address);
        return AddressRange.UseOf(real) is not { } use || allowed.Any(target => target.Covers(host, real))
            ? null
            : $"{host} is not called: its address {real} is {use}; the operator allows it with --allow-outgoing.";
    }

    private async ValueTask<Stream> ConnectAsync(DnsEndPoint target, CancellationToken cancel)
    {
        var addresses = await Dns.GetHostAddressesAsync(target.Host, cancel);
        var callable = Array.FindAll(addresses, address => Refusal(target.Host, address) is null);
        if (callable.Length == 0)
        {
            throw new SlipwayException(
                ErrorKind.Forbidden,
                addresses.Length == 0 ? $"{target.Host} has no address." : Refusal(target.Host, addresses[0])!);
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(callable, target.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static bool IsLocalName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
}
