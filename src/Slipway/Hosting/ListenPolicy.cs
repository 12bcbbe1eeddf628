using Slipway.Configuration;
using Slipway.Core.Errors;

namespace Slipway.Hosting;

/// <summary>Who may be answered without saying who they are: callers on this machine, and others only when the operator says so.</summary>
internal static class ListenPolicy
{
    /// <summary>What can be told before anything is opened or written.</summary>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/>: the server would be open to the network by mistake, or nobody could call it.
    /// </exception>
    public static void Check(SlipwayOptions options)
    {
        if (options.Oidc is { } oidc && (oidc.Authority is null || string.IsNullOrWhiteSpace(oidc.Audience)))
        {
            throw SlipwayException.Invalid(
                "tokens need both --oidc-authority, who issues them, and --oidc-audience, for whom: a token for another service must not open this one");
        }

        if (options.Auth == AuthMode.Off && options.IsBeyondLoopback && !options.AllowAnonymous)
        {
            throw SlipwayException.Invalid(
                $"{Open(options)} can be reached from other machines, and --auth off asks nobody who they are; "
                + "listen on 127.0.0.1, or accept that with --allow-anonymous");
        }

        var asks = options.Auth == AuthMode.Required || (options.Auth == AuthMode.Auto && options.IsBeyondLoopback && !options.AllowAnonymous);
        if (asks && options.Oidc is null && options.Database is null && !File.Exists(options.SqliteFile))
        {
            throw NobodyCanCall(options);
        }
    }

    public static SlipwayException NobodyCanCall(SlipwayOptions options)
    {
        var where = options.IsBeyondLoopback ? $"{Open(options)} can be reached from other machines" : "--auth required asks callers who they are";
        var anonymous = options.Auth == AuthMode.Auto ? ", or let everybody in with --allow-anonymous" : "";
        var store = options.Database is null ? $"--data {options.DataDirectory}" : "the same --database";
        return SlipwayException.Invalid(
            $"{where}, and nobody has a key yet; make the first one with 'slipway keys create --admin NAME' and {store}{anonymous}");
    }

    private static ListenAddress Open(SlipwayOptions options) =>
        options.Urls.Concat(options.GrpcUrls).First(address => !address.IsLoopback);
}
