using System.Text;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Registry;
using Slipway.Platform.Tracking;

namespace Slipway.Tests.Registry;

/// <summary>The services of one process on a database, as the host puts them together.</summary>
internal sealed class RegistryKit
{
    public static readonly Actor Carl = new("carl", Role.Contributor);
    public static readonly Actor Ann = new("ann", Role.Approver);

    public static readonly ModelSignature Signature = new(
        [new ColumnSchema("hour", DataType.Int64), new ColumnSchema("delay_3h", DataType.Float64)],
        [new ColumnSchema("probability", DataType.Float32)]);

    public RegistryKit(Db db, string blobFolder, TimeProvider time, RegistryOptions? options = null)
    {
        var access = new AccessService();
        Blobs = new BlobStore(blobFolder);
        Audit = new AuditLog(db, time);
        Approvals = new ApprovalService(db, Audit, access, new ApprovalOptions(), new JobService(db, time, new JobOptions()), time);
        Experiments = new ExperimentService(db, access, Audit, new TrackingOptions(), time);
        Tracking = new TrackingService(db, access, time);
        Lineage = new LineageService(db, access, time);
        Registry = new RegistryService(
            db, Blobs, Tracking, Lineage, Approvals, Audit, access, options ?? new RegistryOptions(), time);
    }

    public BlobStore Blobs { get; }

    public AuditLog Audit { get; }

    public ApprovalService Approvals { get; }

    public ExperimentService Experiments { get; }

    public TrackingService Tracking { get; }

    public LineageService Lineage { get; }

    public RegistryService Registry { get; }

    public static Stream Bytes(string text) => new MemoryStream(Encoding.UTF8.GetBytes(text));

    public static async Task<string> FailsAsync(ErrorKind kind, Func<Task> act)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(act);
        Assert.Equal(kind, error.Kind);
        return error.Message;
    }

    public Task<ModelVersion> CreateAsync(string model, string file = "onnx", Func<NewVersion, NewVersion>? with = null) =>
        Registry.CreateVersionAsync(
            Carl, (with ?? (v => v))(new NewVersion(model, Signature)), Bytes(file), TestContext.Current.CancellationToken);

    public async Task ApproveAsync(ModelVersion version)
    {
        var cancel = TestContext.Current.CancellationToken;
        var id = await Approvals.RequestAsync(Carl, version.Ref, StageRules.PromoteToProduction, "", cancel);
        await Approvals.DecideAsync(id, Ann, Decision.Approve, "", cancel);
    }

    public Task<ModelVersion> MoveAsync(ModelVersion version, Stage stage) => Registry.TransitionAsync(
        Carl, version.Model, version.Version.ToString(), stage, TestContext.Current.CancellationToken);

    public async Task<ModelVersion> PromoteAsync(ModelVersion version)
    {
        await ApproveAsync(version);
        await MoveAsync(version, Stage.Staging);
        return await MoveAsync(version, Stage.Production);
    }
}
