using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Registry.Cards;
using Slipway.Platform.Registry.Packages;

namespace Slipway.Platform.Registry;

/// <summary>What a version has in files: its model, the signed package around it, and its card.</summary>
internal static class VersionFileEndpoints
{
    public static void MapCards(this RouteGroupBuilder versions)
    {
        versions.MapGet("{version}/card", GetCardAsync);
        versions.MapPut("{version}/card", PutCardAsync).Accepts<string>("text/markdown");
        versions.MapPut("{version}/card/sections/{title}", PutSectionAsync).Accepts<string>("text/markdown");
        versions.MapDelete("{version}/card/sections/{title}", DeleteSectionAsync).WithSummary("Let a section be generated again");
    }

    public static void MapPackages(this RouteGroupBuilder versions)
    {
        versions.MapGet("{version}/file", GetModelAsync);
        versions.MapGet("{version}/package", GetPackageAsync).WithSummary("The signed manifest and the files it names");
        versions.MapGet("{version}/package/verify", VerifyAsync).WithSummary("Check the signature and every file");
        versions.MapPost("{version}/package/sign", SignAsync).WithSummary("Sign with the server's key of today");
        versions.MapGet("{version}/package/files/{name}", GetFileAsync);
        versions.MapPut("{version}/package/files/{name}", PutFileAsync).WithMetadata(new DisableRequestSizeLimitAttribute());
    }

    /// <summary>The public key that this server's packages are signed with, in PEM.</summary>
    public static Ok<PackageKey> GetKey(ModelPackages packages) => TypedResults.Ok(packages.Key);

    private static async Task<Ok<ModelCard>> GetCardAsync(
        string model, string version, Actor actor, ModelCards cards, CancellationToken cancel) =>
        TypedResults.Ok(await cards.GetAsync(actor, model, version, cancel));

    private static async Task<NoContent> PutCardAsync(
        string model, string version, HttpRequest request, Actor actor, ModelCards cards, CancellationToken cancel)
    {
        await cards.PutAsync(actor, model, version, await TextAsync(request, cancel), cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> PutSectionAsync(
        string model, string version, string title, HttpRequest request, Actor actor, ModelCards cards, CancellationToken cancel)
    {
        await cards.PutSectionAsync(actor, model, version, title, await TextAsync(request, cancel), cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> DeleteSectionAsync(
        string model, string version, string title, Actor actor, ModelCards cards, CancellationToken cancel)
    {
        await cards.PutSectionAsync(actor, model, version, title, null, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<FileStreamHttpResult> GetModelAsync(
        string model, string version, HttpResponse response, Actor actor, ModelPackages packages, CancellationToken cancel) =>
        Download.Of(await packages.OpenModelAsync(actor, model, version, cancel), $"{model}-{version}.onnx", response);

    private static async Task<Ok<SignedPackage>> GetPackageAsync(
        string model, string version, Actor actor, ModelPackages packages, CancellationToken cancel) =>
        TypedResults.Ok(await packages.GetAsync(actor, model, version, cancel));

    private static async Task<Ok<PackageVerdict>> VerifyAsync(
        string model, string version, Actor actor, ModelPackages packages, CancellationToken cancel) =>
        TypedResults.Ok(await packages.VerifyAsync(actor, model, version, cancel));

    private static async Task<Ok<SignedPackage>> SignAsync(
        string model, string version, Actor actor, ModelPackages packages, CancellationToken cancel) =>
        TypedResults.Ok(await packages.SignAsync(actor, model, version, cancel));

    private static async Task<FileStreamHttpResult> GetFileAsync(
        string model, string version, string name, HttpResponse response, Actor actor, ModelPackages packages, CancellationToken cancel) =>
        Download.Of(await packages.OpenFileAsync(actor, model, version, name, cancel), name, response);

    private static async Task<Ok<SignedPackage>> PutFileAsync(
        string model, string version, string name, HttpRequest request, Actor actor, ModelPackages packages, CancellationToken cancel)
    {
        await using var content = RequestContent.Open(request);
        return TypedResults.Ok(await packages.PutFileAsync(actor, model, version, name, content, cancel));
    }

    private static async Task<string> TextAsync(HttpRequest request, CancellationToken cancel)
    {
        using var body = new StreamReader(request.Body, Encoding.UTF8);
        return await body.ReadToEndAsync(cancel);
    }
}
