using Microsoft.AspNetCore.Mvc;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Registry.Sources;
using Slipway.Platform.Tracking;

namespace Slipway.Protocols.Mlflow;

/// <summary>Artifacts as the tracking part of the protocol names them: by run or logged model, and a path within.</summary>
internal static class ArtifactCalls
{
    /// <summary>What the upload form of the protocol's own UI may send.</summary>
    private const long MaxFormUpload = 10 << 20;

    public static void Map(MlflowRoutes routes)
    {
        routes.Get("/mlflow/artifacts/list", ListOfRunAsync);
        routes.Get("/mlflow/logged-models/{model_id}/artifacts/directories", ListOfModelAsync);
        foreach (var method in (string[])["GET", "HEAD"])
        {
            routes.MapAt(method, "/get-artifact", DownloadOfRunAsync);
            routes.MapRaw(method, "/mlflow/get-artifact", DownloadOfRunAsync);
            routes.MapAt(method, "/model-versions/get-artifact", DownloadOfVersionAsync);
            routes.MapRaw(method, "/mlflow/model-versions/get-artifact", DownloadOfVersionAsync);
            routes.MapRaw(method, "/mlflow/logged-models/{model_id}/artifacts/files", DownloadOfModelAsync);
        }

        foreach (var route in routes.MapRaw("POST", "/mlflow/upload-artifact", UploadAsync))
        {
            route.WithMetadata(new RequestSizeLimitAttribute(MaxFormUpload));
        }
    }

    public static Task DownloadAsync(MlflowCall call, ArtifactOwner owner, string path) => DownloadAsync(call, call.Actor, owner, path);

    public static async Task DownloadAsync(MlflowCall call, Actor actor, ArtifactOwner owner, string path)
    {
        var blob = await call.Service<RunArtifacts>().OpenAsync(actor, owner, path, call.Cancel);
        await Download.Of(blob, path, call.Http.Response).ExecuteAsync(call.Http);
    }

    private static Task ListOfRunAsync(MlflowCall call) => ListAsync(call, ArtifactOwner.Run(call.RunId()), call.Text("path"));

    private static Task ListOfModelAsync(MlflowCall call) =>
        ListAsync(call, ArtifactOwner.LoggedModel(call.Route("model_id")), call.Text("artifact_directory_path"));

    private static async Task ListAsync(MlflowCall call, ArtifactOwner owner, string? folder)
    {
        var artifacts = call.Service<RunArtifacts>();
        var root = await artifacts.RequireReadableAsync(call.Actor, owner, call.Cancel);
        var token = call.Text("page_token") is { Length: > 0 } given ? given : null;
        var page = await artifacts.ListAsync(call.Actor, owner, new ArtifactQuery(folder, PageToken: token), call.Cancel);
        await call.AnswerAsync(json =>
        {
            json.WriteString("root_uri", root);
            ArtifactJson.WriteFiles(json, page.Items, 0);
            if (page.NextPageToken is { } next)
            {
                json.WriteString("next_page_token", next);
            }
        });
    }

    private static Task DownloadOfRunAsync(MlflowCall call) => DownloadAsync(call, ArtifactOwner.Run(call.RunId()), call.RequiredText("path"));

    private static async Task DownloadOfVersionAsync(MlflowCall call)
    {
        var (name, version, path) = (call.RequiredText("name"), call.RequiredText("version"), ArtifactPath.Check(call.RequiredText("path")));
        var (owner, file) = await call.Service<VersionPlaces>().LocateAsync(call.Actor, name, version, path, call.Cancel);
        await DownloadAsync(call, owner, file);
    }

    private static Task DownloadOfModelAsync(MlflowCall call) =>
        DownloadAsync(call, ArtifactOwner.LoggedModel(call.Route("model_id")), call.RequiredText("artifact_file_path"));

    private static async Task UploadAsync(MlflowCall call)
    {
        var (owner, path) = (ArtifactOwner.Run(call.RunId()), call.RequiredText("path"));
        try
        {
            await call.Service<RunArtifacts>().PutAsync(call.Actor, owner, path, call.Http.Request.Body, call.Cancel);
        }
        catch (BadHttpRequestException large) when (large.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw MlflowException.Invalid("Artifact size is too large. Max size is 10MB.");
        }

        await call.AnswerAsync();
    }
}
