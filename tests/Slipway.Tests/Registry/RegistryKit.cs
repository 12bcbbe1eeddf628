using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Registry;
using Slipway.Platform.Registry.Cards;
using Slipway.Platform.Registry.Packages;
using Slipway.Platform.Registry.Search;
using Slipway.Platform.Registry.Sources;
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

    private readonly ServiceProvider provider;

    public RegistryKit(Db db, string blobFolder, TimeProvider time, RegistryOptions? options = null)
    {
        var services = new ServiceCollection()
            .AddSingleton(db).AddSingleton(time).AddSingleton(new BlobStore(blobFolder))
            .AddSingleton(new FoundationOptions(Path.GetDirectoryName(blobFolder)!, null)).AddSingleton<Scratch>()
            .AddSingleton(new JobOptions()).AddSingleton<JobService>()
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance).AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
            .AddSingleton(options ?? new RegistryOptions())
            .AddAccess().AddTracking().AddRegistry()
            .AddSingleton<VersionUse>((_, model, _, _) => Task.FromResult(model == Served ? "endpoint 'live'" : null));
        provider = services.BuildServiceProvider();
    }

    /// <summary>The model that something above the registry uses.</summary>
    public string? Served { get; set; }

    public BlobStore Blobs => Get<BlobStore>();

    public AuditLog Audit => Get<AuditLog>();

    public ApprovalService Approvals => Get<ApprovalService>();

    public ExperimentService Experiments => Get<ExperimentService>();

    public TrackingService Tracking => Get<TrackingService>();

    public LineageService Lineage => Get<LineageService>();

    public RegistryService Registry => Get<RegistryService>();

    public RegistrySearch Search => Get<RegistrySearch>();

    public ModelPackages Packages => Get<ModelPackages>();

    public ModelCards Cards => Get<ModelCards>();

    public ModelImport Import => Get<ModelImport>();

    public T Get<T>()
        where T : notnull => provider.GetRequiredService<T>();

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
