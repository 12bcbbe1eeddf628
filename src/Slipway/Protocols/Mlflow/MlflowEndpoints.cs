namespace Slipway.Protocols.Mlflow;

/// <summary>The REST protocol of an MLflow tracking server, as its Python (2.x and 3.x), Java, R and TypeScript clients speak it.</summary>
internal static class MlflowEndpoints
{
    /// <summary>The MLflow whose protocol is met.</summary>
    public const string ProtocolVersion = "3.11.1";

    public static IServiceCollection AddMlflow(this IServiceCollection services) => services.AddSingleton(MlflowError.Shape);

    public static IEndpointRouteBuilder MapMlflow(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", () => TypedResults.Text("OK")).ExcludeFromDescription();
        routes.MapGet("/version", () => TypedResults.Text(ProtocolVersion)).ExcludeFromDescription();
        var calls = new MlflowRoutes(routes);
        ModelCalls.Map(calls);
        VersionCalls.Map(calls);
        return routes;
    }
}
