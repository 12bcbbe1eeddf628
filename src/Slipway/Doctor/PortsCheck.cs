using Slipway.Configuration;
using Slipway.Core.Errors;
using Slipway.Hosting;

namespace Slipway.Doctor;

internal static class PortsCheck
{
    public static Task<Finding> RunAsync(SlipwayOptions options, CancellationToken cancel)
    {
        try
        {
            ListenPolicy.Check(options);
            using var opened = ListenSockets.Open(options);
            return Task.FromResult(Finding.Ok($"free: {string.Join(", ", options.Urls.Concat(options.GrpcUrls))}"));
        }
        catch (SlipwayException error)
        {
            var parts = error.Message.Split("; ", 2);
            return Task.FromResult(Finding.Fail(parts[0], parts[1]));
        }
    }
}
