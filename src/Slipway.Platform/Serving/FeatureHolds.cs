using Microsoft.Extensions.Logging;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Serving;

/// <summary>What endpoints hold of features, said again at start: those that were deployed before it was kept have never said it.</summary>
internal sealed partial class FeatureHolds(Db db, EndpointStore store, ModelSource source, ILogger<FeatureHolds> log)
{
    public async Task RenewAsync(CancellationToken cancel)
    {
        var endpoints = await store.RevisionsAsync(cancel);
        if (endpoints.Count == 0)
        {
            return;
        }

        await db.WriteAsync(
            async session =>
            {
                // Always in one order: servers that start at the same time do not wait for one another in a ring.
                foreach (var (name, _) in endpoints.OrderBy(endpoint => endpoint.Name, StringComparer.Ordinal))
                {
                    await RenewAsync(session, name, cancel);
                }
            },
            cancel);
    }

    private async Task RenewAsync(DbSession session, string name, CancellationToken cancel)
    {
        try
        {
            if (await store.TakeAsync(session, name, cancel) is { } endpoint)
            {
                await source.HoldFeaturesAsync(session, endpoint, cancel);
            }
        }
        catch (SlipwayException failure) when (failure.Kind is ErrorKind.NotFound or ErrorKind.FailedPrecondition)
        {
            // The endpoint answers, or says why not, by itself.
            LogNotHeld(name, failure.Message);
        }
    }

    [LoggerMessage(4031, LogLevel.Warning, "The features of endpoint {Endpoint} are not held: {Reason}")]
    private partial void LogNotHeld(string endpoint, string reason);
}
