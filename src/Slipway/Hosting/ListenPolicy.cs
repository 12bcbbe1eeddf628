using Slipway.Configuration;
using Slipway.Core.Errors;

namespace Slipway.Hosting;

/// <summary>Who may be answered without saying who they are: callers on this machine, and others only when the operator says so.</summary>
internal static class ListenPolicy
{
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/>: the server would be open to the network by mistake.</exception>
    public static void Check(SlipwayOptions options)
    {
        var open = options.Urls.Concat(options.GrpcUrls).FirstOrDefault(address => !address.IsLoopback);
        if (open is not null && !options.AllowAnonymous)
        {
            throw SlipwayException.Invalid(
                $"{open} can be reached from other machines, and this version cannot ask callers who they are; "
                + "listen on 127.0.0.1, or accept that with --allow-anonymous");
        }
    }
}
