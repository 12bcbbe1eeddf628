namespace Slipway.Protocols.Mlflow;

/// <summary>The REST protocol of an MLflow tracking server, as its Python (2.x and 3.x), Java, R and TypeScript clients speak it.</summary>
internal static class MlflowEndpoints
{
    /// <summary>The MLflow whose protocol is met.</summary>
    public const string ProtocolVersion = "3.11.1";

    public static IServiceCollection AddMlflow(this IServiceCollection services) => services.AddSingleton(MlflowError.Shape);

    public static IEndpointRouteBuilder MapMlflow(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", () => TypedResults.Text("OK")).AllowAnonymous().ExcludeFromDescription();
        routes.MapGet("/version", () => TypedResults.Text(ProtocolVersion)).AllowAnonymous().ExcludeFromDescription();
        var calls = new MlflowRoutes(routes);
        ServerCalls.Map(calls);
        ExperimentCalls.Map(calls);
        RunCalls.Map(calls);
        LogCalls.Map(calls);
        MetricCalls.Map(calls);
        LoggedModelCalls.Map(calls);
        ModelCalls.Map(calls);
        VersionCalls.Map(calls);
        ArtifactCalls.Map(calls);
        ArtifactProxyCalls.Map(calls);
        ArtifactUploadCalls.Map(calls);
        ArtifactLinkCalls.Map(calls);
        return routes;
    }
}
