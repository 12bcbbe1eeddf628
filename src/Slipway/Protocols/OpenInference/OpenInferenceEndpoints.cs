using Slipway.Core.Errors;
using Slipway.Hosting;
using Slipway.Platform.Access;
using Slipway.Platform.Serving;

namespace Slipway.Protocols.OpenInference;

/// <summary>
/// The REST form of the Open Inference Protocol v2 (KServe, Triton) over endpoints and local models. A model's name is the
/// endpoint's, its versions are the endpoint's variants.
/// </summary>
internal static partial class OpenInferenceEndpoints
{
    /// <summary>Triton's names of what is here beyond the protocol's core.</summary>
    public static readonly string[] Extensions =
        ["binary_tensor_data", "classification", "model_configuration", "model_repository", "parameters", "statistics"];

    private static readonly string[] Read = ["GET", "HEAD"];
    private static readonly string[] Post = ["POST"];
    private static readonly string[] Either = ["GET", "POST"];

    public static IEndpointRouteBuilder MapOpenInference(this IEndpointRouteBuilder routes)
    {
        var v2 = routes.MapGroup("/v2").WithTags("Open Inference Protocol").Predicts();
        Map(v2, "", Read, ServerAsync);
        Map(v2, "/health/live", Read, LiveAsync);
        Map(v2, "/health/ready", Read, ReadyAsync);
        Map(v2, "/models/stats", Read, StatisticsAsync);
        foreach (var model in (string[])["/models/{model}", "/models/{model}/versions/{version}"])
        {
            Map(v2, model, Read, OfModel(ModelAsync));
            Map(v2, $"{model}/ready", Read, OfModel(ModelReadyAsync));
            Map(v2, $"{model}/config", Read, OfModel(ConfigAsync));
            Map(v2, $"{model}/stats", Read, StatisticsAsync);
            Map(v2, $"{model}/infer", Post, OfModel(context => InferExchange.RunAsync(context, Serving(context), Model(context), Version(context))));
        }

        MapRepository(v2);
        foreach (var setting in (string[])["/trace/setting", "/models/{model}/trace/setting", "/logging"])
        {
            Map(v2, setting, Either, _ => throw new SlipwayException(
                ErrorKind.Unsupported, "traces and logs are set when the server starts (--otlp-endpoint, --log-level), not by this protocol"));
        }

        v2.Map("{**path}", context => WriteErrorAsync(context, StatusCodes.Status404NotFound, "Not Found")).ExcludeFromDescription();
        return routes;
    }

    private static void MapRepository(IEndpointRouteBuilder v2)
    {
        Map(v2, "/repository/index", Post, RepositoryCalls.IndexAsync);

        // Who may load is asked by the service; a key that writes need not be one that predicts.
        Map(v2, "/repository/models/{model}/load", Post, context => ChangeAsync(context, RepositoryCalls.LoadAsync, "load")).ChecksInService();
        Map(v2, "/repository/models/{model}/unload", Post, context => ChangeAsync(context, RepositoryCalls.UnloadAsync, "unload")).ChecksInService();
        foreach (var named in (string[])["/repository/{repository}/index", "/repository/{repository}/models/{model}/{action}"])
        {
            Map(v2, named, Post, _ => throw new SlipwayException(ErrorKind.Unsupported, "'repository_name' specification is not supported"));
        }
    }

    private static IEndpointConventionBuilder Map(IEndpointRouteBuilder routes, string pattern, string[] methods, RequestDelegate handle) =>
        routes.Map(pattern, context => methods.Contains(context.Request.Method)
            ? AnswerAsync(context, handle)
            : WriteErrorAsync(context, StatusCodes.Status405MethodNotAllowed, "Method Not Allowed", ("Allow", string.Join(", ", methods))));

    private static RequestDelegate OfModel(RequestDelegate handle) => context =>
    {
        Serving(context).RequirePredict(Model(context), Actors.Of(context));
        return handle(context);
    };

    private static Task ServerAsync(HttpContext context) => WriteAsync(context, json =>
    {
        json.WriteString("name", "slipway");
        json.WriteString("version", ProductVersion.Current.Version);
        json.WriteStartArray("extensions");
        foreach (var extension in Extensions)
        {
            json.WriteStringValue(extension);
        }

        json.WriteEndArray();
    });

    private static Task LiveAsync(HttpContext context) => WriteAsync(context, json => json.WriteBoolean("live", true));

    private static Task ReadyAsync(HttpContext context)
    {
        var notReady = Serving(context).NotReady();
        if (notReady.Count > 0)
        {
            var reasons = notReady.Select(model => $"Model '{model.Key}' is not ready: {model.Value}");
            throw new SlipwayException(ErrorKind.Unavailable, string.Join(" ", reasons));
        }

        return WriteAsync(context, json => json.WriteBoolean("ready", true));
    }

    private static Task ModelAsync(HttpContext context)
    {
        var model = Serving(context).Describe(Model(context), Version(context));
        return WriteAsync(context, json => ModelWriter.WriteMetadata(json, model));
    }

    private static Task ConfigAsync(HttpContext context)
    {
        var model = Serving(context).Describe(Model(context), Version(context));
        return WriteAsync(context, json => ModelWriter.WriteConfig(json, model));
    }

    private static Task StatisticsAsync(HttpContext context)
    {
        var repository = context.RequestServices.GetRequiredService<ModelRepository>();
        var versions = StatisticsWriter.Of(
            Serving(context), repository, Actors.Of(context), (string?)context.Request.RouteValues["model"], Version(context));
        return WriteAsync(context, json => StatisticsWriter.Write(json, versions));
    }

    private static Task ModelReadyAsync(HttpContext context)
    {
        var model = Serving(context).Describe(Model(context), Version(context));
        return WriteAsync(context, json =>
        {
            json.WriteString("name", model.Name);
            json.WriteBoolean("ready", true);
        });
    }

    private static async Task ChangeAsync(HttpContext context, Func<HttpContext, string, Task> change, string what)
    {
        await change(context, Model(context));
        await WriteAsync(context, json =>
        {
            json.WriteString("name", Model(context));
            json.WriteBoolean(what, true);
        });
    }

    private static ServingService Serving(HttpContext context) => context.RequestServices.GetRequiredService<ServingService>();

    private static string Model(HttpContext context) => (string)context.Request.RouteValues["model"]!;

    private static string? Version(HttpContext context) => (string?)context.Request.RouteValues["version"];
}
