namespace Slipway.Protocols.Mlflow;

/// <summary>What the server is, and what of the protocol it does not do.</summary>
internal static class ServerCalls
{
    private static readonly string[] Methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];

    /// <summary>First parts of paths, and what they belong to.</summary>
    private static readonly (string Path, string Feature)[] NotBuilt =
    [
        ("traces", "Traces"), ("assessments", "Assessments"), ("datasets", "Evaluation datasets"), ("scorers", "Scorers"),
        ("online-scoring-configs", "Scorers"), ("gateway", "AI gateways"), ("gateway-proxy", "AI gateways"), ("prompts", "Prompts beside the registry's"),
        ("prompt-optimization", "Prompt optimisation"), ("issues", "Issues"), ("jobs", "Jobs of evaluation"), ("graphql", "GraphQL"),
        ("webhooks", "Webhooks of the registry"),
    ];

    public static void Map(MlflowRoutes routes)
    {
        routes.Get("/mlflow/server-info", AnswerInfoAsync);
        foreach (var (path, feature) in NotBuilt)
        {
            Refuse(routes, path, $"{feature} are not part of this server's MLflow protocol (endpoints below /mlflow/{path}).");
        }

        Refuse(routes, "workspaces", "Workspaces are turned off: this server has one. Its projects give roles to groups of experiments and models.");
    }

    private static Task AnswerInfoAsync(MlflowCall call) => call.AnswerAsync(json =>
    {
        json.WriteString("store_type"u8, "SqlStore"u8);
        json.WriteBoolean("workspaces_enabled"u8, false);
        json.WriteBoolean("trace_archival_enabled"u8, false);
    });

    private static void Refuse(MlflowRoutes routes, string path, string message)
    {
        foreach (var method in Methods)
        {
            routes.MapRaw(method, $"/mlflow/{path}/{{**rest}}", _ => throw new MlflowException(MlflowCode.NotImplemented, message));
        }
    }
}
