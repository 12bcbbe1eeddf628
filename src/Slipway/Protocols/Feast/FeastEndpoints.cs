using System.Text.Json;
using Slipway.Platform.Access;

namespace Slipway.Protocols.Feast;

/// <summary>The HTTP protocol of Feast's Python feature server. <c>/health</c> is answered for all protocols at once.</summary>
internal static class FeastEndpoints
{
    public static IServiceCollection AddFeast(this IServiceCollection services) =>
        services.AddSingleton(FeastError.Shape).AddSingleton<FeastReferences>().AddSingleton<FeastReads>();

    public static IEndpointRouteBuilder MapFeast(this IEndpointRouteBuilder routes)
    {
        var feast = routes.MapGroup("").WithTags("Feast").AddEndpointFilter(FeastError.AnswerAsync);
        feast.MapPost("/get-online-features", GetOnlineFeaturesAsync).ChecksInService().WithSummary("Read features online, as Feast's clients do");
        FeastWrites.Map(feast);
        routes.MapGrpcService<FeastGrpc>().ChecksInService();
        return routes;
    }

    private static async Task GetOnlineFeaturesAsync(HttpContext context, FeastReads reads)
    {
        var body = await FeastBody.ReadAsync(context.Request, context.RequestAborted);
        var query = new FeastQuery(
            body.Text("feature_service"), body.Texts("features") ?? [], body.Flag("full_feature_names"),
            [.. body.Columns("entities").Select(column => new GivenColumn(
                column.Name, column.Values.GetArrayLength(), schema => FeastColumns.Read("entities", schema, column.Values)))]);
        var (vectors, warnings) = await reads.ReadAsync(query, Actors.Of(context), context.RequestAborted);
        WarningHeader.Append(context.Response, warnings);
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        FeastJson.Write(json, vectors);
    }
}
