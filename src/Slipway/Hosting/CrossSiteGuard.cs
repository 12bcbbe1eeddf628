using System.Net;
using Slipway.Configuration;
using Slipway.Core.Errors;

namespace Slipway.Hosting;

/// <summary>
/// Refuses what a page of another site makes a browser send here. A browser can reach addresses that the page's author cannot:
/// loopback, where nobody may be asked for a key, and networks behind a firewall.
/// </summary>
/// <remarks>
/// Two tricks: a simple request to this server's own name, which carries the other site as <c>Origin</c>; and a name of the
/// attacker's that suddenly stands for this machine (DNS rebinding), which stays visible as <c>Host</c>.
/// </remarks>
internal sealed class CrossSiteGuard(RequestDelegate next, SlipwayOptions options)
{
    private readonly HashSet<string> names = new(
        [.. options.AllowedHosts, "localhost", Environment.MachineName], StringComparer.OrdinalIgnoreCase);

    public Task InvokeAsync(HttpContext context)
    {
        CheckHost(context);
        if (!IsRead(context.Request.Method))
        {
            CheckOrigin(context.Request);
        }

        return next(context);
    }

    /// <remarks>
    /// A Host that is an address was typed as one: no name stood for it. Where names are configured they hold for every
    /// connection, otherwise only for those that come over loopback, whose proper names are known.
    /// </remarks>
    private void CheckHost(HttpContext context)
    {
        var host = context.Request.Host.Host;
        var isKnown = host.Length == 0 || names.Contains(host) || IPAddress.TryParse(host.Trim('[', ']'), out _);
        if (!isKnown && (options.AllowedHosts.Count > 0 || context.Connection.LocalIpAddress is { } local && IPAddress.IsLoopback(local)))
        {
            throw new SlipwayException(
                ErrorKind.Forbidden, $"This server is not called '{Shorten(host)}'; if it should be, say so with --allowed-hosts.");
        }
    }

    private void CheckOrigin(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        var origin = request.Headers.Origin.ToString();
        if (site is "same-origin" or "none" || (site.Length == 0 && origin.Length == 0) || IsOurs(origin, request.Host))
        {
            return;
        }

        throw new SlipwayException(
            ErrorKind.Forbidden,
            $"A page of {(origin.Length > 0 ? $"'{Shorten(origin)}'" : "another site")} may not change anything here; "
            + "if it is yours, name its host with --allowed-hosts.");
    }

    private bool IsOurs(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var from)
        && from.Scheme is "http" or "https"
        && (string.Equals(from.Authority, host.Value, StringComparison.OrdinalIgnoreCase)
            || options.AllowedHosts.Contains(from.Host, StringComparer.OrdinalIgnoreCase));

    private static bool IsRead(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    private static string Shorten(string text) => text.Length <= 100 ? text : text[..100] + "…";
}
