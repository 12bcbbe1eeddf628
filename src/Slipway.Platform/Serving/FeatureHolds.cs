using Microsoft.Extensions.Logging;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Serving;

/// <summary>What endpoints hold of features, said again at start: those that were deployed before it was kept have never said it.</summary>
internal sealed partial class FeatureHolds(Db db, EndpointStore store, ModelSource source, ILogger<FeatureHolds> log)
{
    public async Task RenewAsync(CancellationToken cancel)
    {
        foreach (var (name, _) in await store.RevisionsAsync(cancel))
        {
            try
            {
                await db.WriteAsync(
                    async session =>
                    {
                        if (await store.TakeAsync(session, name, cancel) is { } endpoint)
                        {
                            await source.HoldFeaturesAsync(session, endpoint, cancel);
                        }

                        return 0;
                    },
                    cancel);
            }
            catch (SlipwayException failure) when (failure.Kind is ErrorKind.NotFound or ErrorKind.FailedPrecondition)
            {
                // The endpoint answers, or says why not, by itself.
                LogNotHeld(name, failure.Message);
            }
        }
    }

    [LoggerMessage(4031, LogLevel.Warning, "The features of endpoint {Endpoint} are not held: {Reason}")]
    private partial void LogNotHeld(string endpoint, string reason);
}
