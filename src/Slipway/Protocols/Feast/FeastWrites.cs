using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Streaming;

namespace Slipway.Protocols.Feast;

/// <summary>The calls that write: rows into the online store, and views from their sources.</summary>
internal static class FeastWrites
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    public static void Map(IEndpointRouteBuilder feast)
    {
        feast.MapPost("/write-to-online-store", WriteAsync).ChecksInService().WithSummary("Write rows of a view online, as Feast's clients do");
        feast.MapPost("/push", FeastPush.PushAsync).ChecksInService().WithSummary("Push rows to a source, as Feast's clients do");
        feast.MapPost("/materialize", MaterializeAsync).ChecksInService().WithSummary("Bring a range of event times online, as Feast's clients do");
        feast.MapPost("/materialize-incremental", MaterializeIncrementalAsync).ChecksInService().WithSummary("Bring online what is new, as Feast's clients do");
    }

    private static async Task<IResult> WriteAsync(HttpContext context, OnlineRowWriter writer, FeatureRights rights)
    {
        var cancel = context.RequestAborted;
        var body = await FeastBody.ReadAsync(context.Request, cancel);
        var (view, given) = (body.RequiredText("feature_view_name"), body.Columns("df"));
        rights.RequireWrite(Actors.Of(context), view);
        try
        {
            var known = (await writer.ColumnsAsync(view, cancel)).ToDictionary(column => column.Name, StringComparer.Ordinal);
            var columns = given.Where(column => known.ContainsKey(column.Name))
                .Select(column => FeastColumns.Read("df", known[column.Name], column.Values)).ToArray();
            await writer.WriteAsync(view, new Table(columns), cancel);
            return Null();
        }
        catch (SlipwayException missing) when (missing.Kind == ErrorKind.NotFound)
        {
            throw FeastException.MissingView(view);
        }
    }

    private static async Task<IResult> MaterializeAsync(
        HttpContext context, bool? async, bool? force, MaterialisationService materialisation, FeatureRights rights, TimeProvider time)
    {
        var body = await FeastBody.ReadAsync(context.Request, context.RequestAborted);
        rights.RequireMaterialise(Actors.Of(context), body.Texts("feature_views"));
        var (from, to) = (body.RequiredTime("start_ts"), body.RequiredTime("end_ts"));
        return from < to
            ? await RunAsync(
                new MaterialisationRequest(body.Texts("feature_views"), MaterialisationMode.Range, from, to), async ?? false, force ?? false, materialisation, time,
                context.RequestAborted)
            : throw FeastException.Failed($"'start_ts' ({from:u}) must be before 'end_ts' ({to:u}).");
    }

    private static async Task<IResult> MaterializeIncrementalAsync(
        HttpContext context, bool? async, bool? force, MaterialisationService materialisation, FeatureRights rights, TimeProvider time)
    {
        var body = await FeastBody.ReadAsync(context.Request, context.RequestAborted);
        rights.RequireMaterialise(Actors.Of(context), body.Texts("feature_views"));
        return await RunAsync(
            new MaterialisationRequest(body.Texts("feature_views"), MaterialisationMode.Incremental, To: body.RequiredTime("end_ts")), async ?? false,
            force ?? false, materialisation, time, context.RequestAborted);
    }

    private static async Task<IResult> RunAsync(
        MaterialisationRequest request, bool async, bool force, MaterialisationService materialisation, TimeProvider time, CancellationToken cancel)
    {
        if (!force && await FoundAsync(materialisation.UnderWayAsync(request.Views, cancel)) is { Count: > 0 } busy)
        {
            return Results.Json(
                new Dictionary<string, object> { ["error"] = $"Already materialising: {string.Join(", ", busy)}.", ["feature_views"] = busy }, statusCode: 409);
        }

        var run = await FoundAsync(materialisation.StartAsync(request, cancel));
        if (async)
        {
            return Results.Json(new Dictionary<string, object> { ["status"] = "accepted", ["feature_views"] = request.Views ?? [] }, statusCode: 202);
        }

        while (run.State is JobState.Queued or JobState.Running)
        {
            await Task.Delay(Poll, time, cancel);
            run = await materialisation.StatusAsync(run.Id, cancel);
        }

        return run.State == JobState.Succeeded ? Null() : throw FeastException.Failed(run.Error ?? "The materialisation failed.");
    }

    /// <exception cref="FeastException">There is no such view.</exception>
    private static async Task<T> FoundAsync<T>(Task<T> asked)
    {
        try
        {
            return await asked;
        }
        catch (SlipwayException missing) when (missing.Kind == ErrorKind.NotFound)
        {
            throw new FeastException(StatusCodes.Status404NotFound, "FeatureViewNotFoundException", missing.Message);
        }
    }

    private static IResult Null() => Results.Text("null", "application/json");
}
