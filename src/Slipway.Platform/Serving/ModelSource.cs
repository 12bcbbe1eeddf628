using Slipway.Core.Errors;
using Slipway.Core.Versioning;
using Slipway.Inference;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Registry;
using Slipway.Platform.Registry.Packages;

namespace Slipway.Platform.Serving;

/// <summary>What serving needs from the registry: verified bytes of a version, and the moves that deployments make.</summary>
internal sealed class ModelSource(RegistryService registry, ModelPackages packages, LineageService lineage, FeatureHold? features = null)
{
    /// <summary>The version that a semantic version, number, alias or stage means now.</summary>
    public async Task<ServableVersion> ResolveAsync(string model, string reference, CancellationToken cancel)
    {
        var version = await registry.GetVersionAsync(model, reference, cancel);
        version.RequireFile();
        return new ServableVersion(model, version.Version.ToString(), version.FeatureService?.Split('@')[0]);
    }

    /// <summary>Loads a version whose package is the one that was signed.</summary>
    public async Task<ServedModel> LoadAsync(string model, string version, Action<ServedModel> released, CancellationToken cancel)
    {
        var (registered, bytes) = await packages.LoadAsync(model, version, cancel);
        var project = (await registry.GetModelAsync(model, cancel)).Project;
        var onnx = OnnxModel.Load(bytes, $"{model} {version}");
        try
        {
            return new ServedModel(model, version, onnx, registered.RequireSignature(), released, project)
            {
                FeatureService = registered.FeatureService,
            };
        }
        catch
        {
            onnx.Dispose();
            throw;
        }
    }

    /// <returns>Null without the model.</returns>
    public Task<string?> ProjectAsync(DbSession session, string model, CancellationToken cancel) =>
        registry.ProjectOfAsync(session, model, cancel);

    /// <summary>
    /// Keeps the endpoint's versions from being deleted between here and the end of the transaction, and the features that they are pinned
    /// to from falling behind for as long as it serves them.
    /// </summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> when one is deleted.</exception>
    public async Task HoldAsync(DbSession session, Endpoint endpoint, CancellationToken cancel)
    {
        await registry.HoldAsync(session, endpoint.Model, endpoint.Variants.Select(variant => variant.Version), cancel);
        await HoldFeaturesAsync(session, endpoint, cancel);
    }

    /// <summary>The features that the endpoint's versions are pinned to, in place of those that it held before.</summary>
    public async Task HoldFeaturesAsync(DbSession session, Endpoint endpoint, CancellationToken cancel)
    {
        if (features is null)
        {
            return;
        }

        var services = new List<string>();
        foreach (var variant in endpoint.Variants)
        {
            var version = await registry.GetVersionAsync(session, endpoint.Model, variant.Version, cancel);
            services.AddRange(version.FeatureService is { } service ? [service] : Array.Empty<string>());
        }

        await features(session, $"endpoint/{endpoint.Name}", services, cancel);
    }

    /// <summary>Records that the versions answer for the endpoint.</summary>
    public async Task LinkAsync(DbSession session, Endpoint endpoint, Actor actor, CancellationToken cancel)
    {
        foreach (var variant in endpoint.Variants)
        {
            await lineage.AddAsync(
                session, actor, LineageNode.ModelVersion(endpoint.Model, SemanticVersion.Parse(variant.Version)),
                LineageNode.Endpoint(endpoint.Name), "served_by", cancel);
        }
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> unless the approval lets exactly this version
    /// go to production, and it stands where it may go there from.</exception>
    public Task RequirePromotableAsync(DbSession session, string model, string version, string approval, CancellationToken cancel) =>
        registry.RequirePromotableAsync(session, model, version, approval, cancel);

    /// <summary>Moves the version to production, which retires the former one and moves the alias <c>champion</c>.</summary>
    public Task PromoteAsync(
        DbSession session, string model, string version, Actor actor, string approval, string reason, CancellationToken cancel) =>
        registry.TransitionAsync(session, actor, model, version, Stage.Production, cancel, approval, reason);
}

/// <summary>A version as far as an endpoint cares.</summary>
/// <param name="FeatureService">Its name: versions of one endpoint may be pinned to different versions of it.</param>
internal sealed record ServableVersion(string Model, string Version, string? FeatureService)
{
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when it cannot share the endpoint's traffic.</exception>
    public void RequireFeaturesOf(Endpoint endpoint)
    {
        if (FeatureService != endpoint.FeatureService)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition,
                $"Version {Version} of model '{Model}' takes its features from {Name(FeatureService)}, "
                + $"endpoint '{endpoint.Name}' from {Name(endpoint.FeatureService)}; they cannot share its traffic.");
        }

        static string Name(string? service) => service is null ? "the request" : $"feature service '{service}'";
    }
}
