using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Links;
using Slipway.Platform.Tracking;

namespace Slipway.Protocols.Mlflow;

/// <summary>
/// Addresses that work for a while without credentials: for a part of an upload, and for reading or writing one artifact.
/// Each carries a proof that this server made it for exactly that.
/// </summary>
internal static class ArtifactLinkCalls
{
    private const string Links = "/mlflow-artifacts/links/{**path}";
    private static readonly TimeSpan PartLifetime = TimeSpan.FromDays(1);
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    public static void Map(MlflowRoutes routes)
    {
        routes.Get("/mlflow-artifacts/presigned/{**path}", CreateDownloadAsync);
        routes.Post("/mlflow/artifacts/presigned-upload-url", CreateUploadAsync);
        Open(routes.MapRaw("GET", Links, DownloadAsync));
        Open(routes.MapRaw("HEAD", Links, DownloadAsync));
        Open(routes.MapRaw("PUT", Links, UploadAsync));
        Open(routes.MapRaw("PUT", "/mlflow-artifacts/mpu/parts/{upload}/{number:int}", PutPartAsync));
    }

    public static async Task<string> PartUrlAsync(MlflowCall call, string upload, int number)
    {
        var proof = await SignAsync(call, PartSubject(upload, number), PartLifetime);
        return Url(call, string.Create(CultureInfo.InvariantCulture, $"mpu/parts/{upload}/{number}"), proof);
    }

    private static async Task CreateDownloadAsync(MlflowCall call)
    {
        var (owner, path) = ArtifactProxyCalls.AddressOf(call);
        var blob = await call.Service<RunArtifacts>().OpenAsync(call.Actor, owner, path, call.Cancel);
        await blob.Content.DisposeAsync();
        var url = await LinkAsync(call, "GET", (string)call.Http.Request.RouteValues["path"]!, Lifetime);
        await call.AnswerAsync(json =>
        {
            json.WriteString("url", url);
            json.WriteNumber("file_size", blob.Bytes);
        });
    }

    private static async Task CreateUploadAsync(MlflowCall call)
    {
        var (owner, path) = (ArtifactOwner.Run(call.RunId()), call.RequiredText("path"));
        var artifacts = call.Service<RunArtifacts>();
        await artifacts.RequireWritableAsync(call.Actor, owner, path, call.Cancel);
        var root = ArtifactAddress.ParseUri(await artifacts.RequireReadableAsync(call.Actor, owner, call.Cancel))!.Owner;
        var lifetime = call.Integer("expiration") is { } seconds ? Seconds(seconds) : Lifetime;
        var address = string.Create(CultureInfo.InvariantCulture, $"{root.ExperimentId}/{root.Id}/artifacts/{path}");
        var url = await LinkAsync(call, "PUT", address, lifetime);
        await call.AnswerAsync(json => json.WriteString("presigned_url", url));
    }

    private static async Task DownloadAsync(MlflowCall call)
    {
        var actor = await ProveAsync(call, $"GET {call.Http.Request.RouteValues["path"]}");
        var (owner, path) = ArtifactProxyCalls.AddressOf(call);
        await ArtifactCalls.DownloadAsync(call, actor, owner, path);
    }

    private static async Task UploadAsync(MlflowCall call)
    {
        var actor = await ProveAsync(call, $"PUT {call.Http.Request.RouteValues["path"]}");
        var (owner, path) = ArtifactProxyCalls.AddressOf(call);
        await using var content = RequestContent.Open(call.Http.Request);
        await call.Service<RunArtifacts>().PutAsync(actor, owner, path, content, call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task PutPartAsync(MlflowCall call)
    {
        var (upload, number) = (call.Route("upload"), int.Parse(call.Route("number"), CultureInfo.InvariantCulture));
        await ProveAsync(call, PartSubject(upload, number));
        await using var content = RequestContent.Open(call.Http.Request);
        var part = await call.Service<RunArtifacts>().PutLinkedPartAsync(upload, number, content, call.Cancel);
        call.Http.Response.Headers.ETag = $"\"{part.Sha256}\"";
        await call.AnswerAsync();
    }

    private static async Task<string> LinkAsync(MlflowCall call, string method, string path, TimeSpan lifetime)
    {
        var proof = await SignAsync(call, $"{method} {path}", lifetime);
        return Url(call, $"links/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}", proof);
    }

    /// <summary>A link ends with the token that it is asked for with (or now, in the minute that clocks may differ); that of a key asks for the key again.</summary>
    private static Task<LinkProof> SignAsync(MlflowCall call, string subject, TimeSpan lifetime)
    {
        var left = call.Actor.Until - call.Service<TimeProvider>().GetUtcNow();
        return call.Service<SignedLinks>().SignAsync(
            subject, call.Actor.Name, left < lifetime ? TimeSpan.FromSeconds(Math.Max(1, left.Value.TotalSeconds)) : lifetime, call.Cancel, call.Actor.Key?.Id);
    }

    /// <returns>Whoever asked for the link: with the roles that the key has now or, without a key, the role that the link took; only
    /// for what the link is about.</returns>
    private static async Task<Actor> ProveAsync(MlflowCall call, string subject)
    {
        var proof = new LinkProof(call.Text("actor") ?? "", call.Integer("expires") ?? 0, call.Text("signature") ?? "", call.Text("key"));
        await call.Service<SignedLinks>().VerifyAsync(subject, proof, call.Cancel);
        var signIn = call.Service<SignInService>();
        var actor = proof.Key is { } key
            ? await signIn.ByKeyIdAsync(key, call.Cancel)
            : await signIn.ByNameAsync(new Actor(proof.Actor, Role.Contributor), call.Cancel);
        return actor ?? throw new SlipwayException(
            ErrorKind.Forbidden, "This link was asked for with a key that lets nobody in any more; ask for a new one.");
    }

    private static string PartSubject(string upload, int number) => string.Create(CultureInfo.InvariantCulture, $"PUT part {number} of {upload}");

    private static string Url(MlflowCall call, string path, LinkProof proof)
    {
        var request = call.Http.Request;
        return $"{request.Scheme}://{request.Host}{request.PathBase}/api/2.0/mlflow-artifacts/{path}?{proof.Query}";
    }

    private static TimeSpan Seconds(long seconds)
    {
        Limit.Range("An expiration in seconds", seconds, 1, (long)SignedLinks.MaxLifetime.TotalSeconds);
        return TimeSpan.FromSeconds(seconds);
    }

    private static void Open(IReadOnlyList<IEndpointConventionBuilder> routes)
    {
        foreach (var route in routes)
        {
            route.WithMetadata(new AllowAnonymousAttribute(), new DisableRequestSizeLimitAttribute());
        }
    }
}
