using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Core.Data;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Registry;
using Slipway.Platform.Registry.Packages;
using Slipway.Platform.Serving;
using Slipway.Platform.Serving.Predictions;
using Slipway.Platform.Serving.Rollouts;
using Slipway.Platform.Tracking;

namespace Slipway.Tests.Serving;

/// <summary>One server's services on a database, as the host puts them together; the log runs, jobs run by hand.</summary>
internal sealed class ServingKit : IAsyncDisposable
{
    public static readonly Actor Carl = new("carl", Role.Contributor);
    public static readonly Actor Ann = new("ann", Role.Approver);

    private readonly ServiceProvider provider;

    private ServingKit(ServiceProvider provider) => this.provider = provider;

    public ServingService Serving => Get<ServingService>();

    public RolloutService Rollouts => Get<RolloutService>();

    public FeedbackService Feedback => Get<FeedbackService>();

    public PredictionReader Reader => Get<PredictionReader>();

    public PredictionLog Log => Get<PredictionLog>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<ServingKit> StartAsync(
        Db db, string blobFolder, TimeProvider time, Action<IServiceCollection>? add = null)
    {
        var services = new ServiceCollection();
        Add(services, db, blobFolder, time);
        add?.Invoke(services);
        var kit = new ServingKit(services.BuildServiceProvider());
        foreach (var service in kit.provider.GetServices<IHostedService>())
        {
            await service.StartAsync(Cancel);
        }

        return kit;
    }

    public static void Add(IServiceCollection services, Db db, string blobFolder, TimeProvider time) => services
        .AddSingleton(db).AddSingleton(time).AddSingleton(new BlobStore(blobFolder)).AddSingleton(_ => new PackageKeys(blobFolder + ".keys"))
        .AddSingleton(new JobOptions()).AddSingleton<JobService>().AddSingleton<ScheduleService>()
        .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance).AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
        .AddAccess().AddTracking().AddRegistry().AddServing();

    public T Get<T>() where T : notnull => provider.GetRequiredService<T>();

    /// <summary>Registers a version of a model of one feature x, in staging.</summary>
    public Task<ModelVersion> RegisterAsync(byte[] onnx, string model = "echo", string? featureService = null) =>
        RegisterAsync(onnx, model, [new ColumnSchema("x", DataType.Float32)], featureService);

    public async Task<ModelVersion> RegisterAsync(
        byte[] onnx, string model, IReadOnlyList<ColumnSchema> inputs, string? featureService = null)
    {
        var registry = Get<RegistryService>();
        await registry.RegisterModelAsync(Carl, new NewModel(model), Cancel);
        var signature = new ModelSignature(inputs, [new ColumnSchema("probability", DataType.Float32)]);
        var version = await registry.CreateVersionAsync(
            Carl, new NewVersion(model, signature) { FeatureService = featureService }, new MemoryStream(onnx), Cancel);
        return await registry.TransitionAsync(Carl, model, version.Version.ToString(), Stage.Staging, Cancel);
    }

    public Task<Endpoint> DeployAsync(ModelVersion version, string endpoint = "live", EndpointOptions? options = null) =>
        Serving.DeployAsync(endpoint, version.Model, version.Version.ToString(), Carl, "test", Cancel, options);

    public async Task<string> ApproveAsync(ModelVersion version)
    {
        var approvals = Get<ApprovalService>();
        var id = await approvals.RequestAsync(Carl, version.Ref, StageRules.PromoteToProduction, "", Cancel);
        await approvals.DecideAsync(id, Ann, Decision.Approve, "", Cancel);
        return id;
    }

    public Task<PredictResponse> PredictAsync(double[] x, Func<PredictRequest, PredictRequest>? with = null, string endpoint = "live") =>
        Serving.PredictAsync(endpoint, (with ?? (r => r))(new PredictRequest(new Table([Column.Float64("x", x)]))), Cancel);

    /// <summary>Stops as a host does: the last started first, each finishing what it accepted.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var service in provider.GetServices<IHostedService>().Reverse())
        {
            await service.StopAsync(CancellationToken.None);
        }

        // The database belongs to the test.
        foreach (var disposable in new IDisposable[] { Get<EndpointHost>(), Get<ServingMetrics>(), Get<JobService>() })
        {
            disposable.Dispose();
        }
    }
}
