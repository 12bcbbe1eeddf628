using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Blobs;

namespace Slipway.Platform.Tracking;

public sealed record UploadRequest([property: JsonRequired] string Path);

public sealed record CompleteRequest([property: JsonRequired] IReadOnlyList<ArtifactPart> Parts);

/// <summary>Artifacts of runs and of logged models, below both alike.</summary>
internal static class ArtifactEndpoints
{
    private static readonly string[] GetAndHead = ["GET", "HEAD"];

    public static void MapArtifacts(this IEndpointRouteBuilder routes)
    {
        Map(routes.MapGroup("/api/v1/runs/{id}").WithTags("Artifacts"), ArtifactOwner.Run);
        Map(routes.MapGroup("/api/v1/logged-models/{id}").WithTags("Artifacts"), ArtifactOwner.LoggedModel);
    }

    private static void Map(RouteGroupBuilder owner, Func<string, ArtifactOwner> of)
    {
        owner.MapGet("artifacts", ListAsync).WithSummary("The files and folders in a folder; recursive=true gives all files below it");
        owner.MapMethods("artifacts/{**path}", GetAndHead, GetAsync).WithSummary("A file, or the range of it that is asked for");

        // A model file may be of any size; it is streamed to disk, and the disk is its limit.
        owner.MapPut("artifacts/{**path}", PutAsync).WithMetadata(new DisableRequestSizeLimitAttribute());
        owner.MapDelete("artifacts/{**path}", DeleteAsync).WithSummary("Delete a file, or a folder with all in it");
        owner.MapPost("uploads", BeginAsync).WithSummary("Open an upload in parts");
        owner.MapPut("uploads/{upload}/parts/{number:int}", PutPartAsync).WithMetadata(new DisableRequestSizeLimitAttribute());
        owner.MapPost("uploads/{upload}/complete", CompleteAsync).WithSummary("Put the parts together");
        owner.MapDelete("uploads/{upload}", AbortAsync);

        async Task<Ok<Page<ArtifactInfo>>> ListAsync(
            string id, string? folder, bool? recursive, string? pageToken, int? limit, Actor actor, RunArtifacts artifacts, CancellationToken cancel) =>
            TypedResults.Ok(await artifacts.ListAsync(
                actor, of(id), new ArtifactQuery(folder, recursive ?? false, pageToken, limit ?? 1000), cancel));

        async Task<FileStreamHttpResult> GetAsync(
            string id, string path, HttpResponse response, Actor actor, RunArtifacts artifacts, CancellationToken cancel) =>
            Download.Of(await artifacts.OpenAsync(actor, of(id), path, cancel), path, response);

        async Task<Ok<BlobInfo>> PutAsync(
            string id, string path, HttpRequest request, Actor actor, RunArtifacts artifacts, CancellationToken cancel)
        {
            await using var content = RequestContent.Open(request);
            return TypedResults.Ok(await artifacts.PutAsync(actor, of(id), path, content, cancel));
        }

        async Task<NoContent> DeleteAsync(string id, string path, Actor actor, RunArtifacts artifacts, CancellationToken cancel)
        {
            await artifacts.DeleteAsync(actor, of(id), path, cancel);
            return TypedResults.NoContent();
        }

        async Task<Ok<ArtifactUpload>> BeginAsync(
            string id, UploadRequest request, Actor actor, RunArtifacts artifacts, CancellationToken cancel) =>
            TypedResults.Ok(await artifacts.BeginUploadAsync(actor, of(id), request.Path, cancel));

        async Task<Ok<BlobPart>> PutPartAsync(
            string id, string upload, int number, HttpRequest request, Actor actor, RunArtifacts artifacts, CancellationToken cancel)
        {
            await using var content = RequestContent.Open(request);
            return TypedResults.Ok(await artifacts.PutPartAsync(actor, of(id), upload, number, content, cancel));
        }

        async Task<Ok<BlobInfo>> CompleteAsync(
            string id, string upload, CompleteRequest request, Actor actor, RunArtifacts artifacts, CancellationToken cancel) =>
            TypedResults.Ok(await artifacts.CompleteUploadAsync(actor, of(id), upload, request.Parts, cancel));

        async Task<NoContent> AbortAsync(string id, string upload, Actor actor, RunArtifacts artifacts, CancellationToken cancel)
        {
            await artifacts.AbortUploadAsync(actor, of(id), upload, cancel);
            return TypedResults.NoContent();
        }
    }
}
