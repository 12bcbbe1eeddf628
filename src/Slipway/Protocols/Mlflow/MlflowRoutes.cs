namespace Slipway.Protocols.Mlflow;

/// <summary>
/// The paths of the protocol. Every one answers below <c>/api</c> and <c>/ajax-api</c> and under both versions of the
/// protocol, so what guards a call belongs to the call and never to a prefix.
/// </summary>
internal sealed class MlflowRoutes(IEndpointRouteBuilder routes)
{
    private static readonly string[] Roots = ["/api/2.0", "/api/3.0", "/ajax-api/2.0", "/ajax-api/3.0"];

    public void Get(string path, Func<MlflowCall, Task> answer) => Map("GET", path, answer);

    public void Post(string path, Func<MlflowCall, Task> answer) => Map("POST", path, answer);

    public void Patch(string path, Func<MlflowCall, Task> answer) => Map("PATCH", path, answer);

    public void Delete(string path, Func<MlflowCall, Task> answer) => Map("DELETE", path, answer);

    /// <param name="path">Below the version, such as <c>/mlflow/runs/get</c>.</param>
    public void Map(string method, string path, Func<MlflowCall, Task> answer)
    {
        foreach (var root in Roots)
        {
            routes.MapMethods(root + path, [method], context => AnswerAsync(context, answer)).WithTags("MLflow").ExcludeFromDescription();
        }
    }

    /// <summary>A path whose handler reads the body itself, such as an upload.</summary>
    public IReadOnlyList<IEndpointConventionBuilder> MapRaw(string method, string path, Func<MlflowCall, Task> answer) =>
    [
        .. Roots.Select(root => routes
            .MapMethods(root + path, [method], context => CallAsync(new MlflowCall(context, default), answer))
            .WithTags("MLflow").ExcludeFromDescription()),
    ];

    /// <summary>One of the few paths that have no version, read like <see cref="MapRaw"/>.</summary>
    public IEndpointConventionBuilder MapAt(string method, string path, Func<MlflowCall, Task> answer) => routes
        .MapMethods(path, [method], context => CallAsync(new MlflowCall(context, default), answer))
        .WithTags("MLflow").ExcludeFromDescription();

    private static async Task AnswerAsync(HttpContext context, Func<MlflowCall, Task> answer)
    {
        try
        {
            var body = HttpMethods.IsGet(context.Request.Method)
                ? default
                : await MlflowBody.ReadAsync(context.Request, context.RequestAborted);
            await answer(new MlflowCall(context, body));
        }
        catch (MlflowException failure)
        {
            await MlflowError.WriteAsync(context, failure.Code, failure.Message);
        }
    }

    private static async Task CallAsync(MlflowCall call, Func<MlflowCall, Task> answer)
    {
        try
        {
            await answer(call);
        }
        catch (MlflowException failure)
        {
            await MlflowError.WriteAsync(call.Http, failure.Code, failure.Message);
        }
    }
}
