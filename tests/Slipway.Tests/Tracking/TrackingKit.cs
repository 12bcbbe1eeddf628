using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Tracking;

namespace Slipway.Tests.Tracking;

internal static class TrackingKit
{
    public static ExperimentService Experiments(Db db, TimeProvider time, TrackingOptions? options = null) =>
        new(db, new AccessService(), new AuditLog(db, time), options ?? new TrackingOptions(), time);

    public static LoggedModelService LoggedModels(Db db, TimeProvider time) => new(db, new AccessService(), new AuditLog(db, time), time);

    public static RunService Runs(Db db, TimeProvider time) => new(db, new AccessService(), new AuditLog(db, time), time);
}
