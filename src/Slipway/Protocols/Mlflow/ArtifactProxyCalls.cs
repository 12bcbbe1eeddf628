using Microsoft.AspNetCore.Mvc;
using Slipway.Platform.Foundation;
using Slipway.Platform.Tracking;

namespace Slipway.Protocols.Mlflow;

/// <summary>The artifact proxy: clients put, get, list and delete by the address behind <c>mlflow-artifacts:/</c>.</summary>
internal static class ArtifactProxyCalls
{
    private const string Root = "/mlflow-artifacts/artifacts";
    private const string File = Root + "/{**path}";

    public static void Map(MlflowRoutes routes)
    {
        routes.Get(Root, ListAsync);
        routes.MapRaw("GET", File, GetAsync);
        routes.MapRaw("HEAD", File, GetAsync);
        foreach (var route in routes.MapRaw("PUT", File, PutAsync))
        {
            // As large as the disk: it is streamed there.
            route.WithMetadata(new DisableRequestSizeLimitAttribute());
        }

        routes.MapRaw("DELETE", File, DeleteAsync);
    }

    /// <summary>The address that the call's path names.</summary>
    public static ArtifactAddress AddressOf(MlflowCall call) => ArtifactAddress.Parse(call.Http.Request.RouteValues["path"] as string ?? "");

    /// <summary>The protocol has no pages here: the answer holds all of the folder.</summary>
    private static async Task ListAsync(MlflowCall call)
    {
        var (owner, folder) = ArtifactAddress.Parse(call.Text("path") ?? "");
        var artifacts = call.Service<RunArtifacts>();
        var (files, query) = (new List<ArtifactInfo>(), new ArtifactQuery(folder, Limit: RunArtifacts.MaxPage));
        do
        {
            var page = await artifacts.ListAsync(call.Actor, owner, query, call.Cancel);
            files.AddRange(page.Items);
            query = query with { PageToken = page.NextPageToken };
        }
        while (query.PageToken is not null);
        await call.AnswerAsync(json => ArtifactJson.WriteFiles(json, files, folder.Length == 0 ? 0 : folder.Length + 1));
    }

    private static Task GetAsync(MlflowCall call)
    {
        var (owner, path) = AddressOf(call);
        return ArtifactCalls.DownloadAsync(call, owner, path);
    }

    private static async Task PutAsync(MlflowCall call)
    {
        var (owner, path) = AddressOf(call);
        await using var content = RequestContent.Open(call.Http.Request);
        await call.Service<RunArtifacts>().PutAsync(call.Actor, owner, path, content, call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task DeleteAsync(MlflowCall call)
    {
        var (owner, path) = AddressOf(call);
        await call.Service<RunArtifacts>().DeleteAsync(call.Actor, owner, path, call.Cancel);
        await call.AnswerAsync();
    }
}
