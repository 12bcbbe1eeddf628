using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Tracking;

namespace Slipway.Protocols.Mlflow;

/// <summary>
/// Uploads in parts. The client gets an address for each part and sends the part there without credentials, so the address
/// proves itself; see <see cref="ArtifactLinkCalls"/>.
/// </summary>
internal static class ArtifactUploadCalls
{
    public static void Map(MlflowRoutes routes)
    {
        routes.Post("/mlflow-artifacts/mpu/create/{**path}", CreateAsync);
        routes.Post("/mlflow-artifacts/mpu/complete/{**path}", CompleteAsync);
        routes.Post("/mlflow-artifacts/mpu/abort/{**path}", AbortAsync);
    }

    private static async Task CreateAsync(MlflowCall call)
    {
        var (owner, folder) = ArtifactProxyCalls.AddressOf(call);
        var name = NameOf(call.RequiredText("path"));
        var parts = call.Integer("num_parts") ?? throw MlflowFields.Missing("num_parts");
        Limit.Range("The number of parts", parts, 1, BlobUploads.MaxParts);
        var upload = await call.Service<RunArtifacts>()
            .BeginUploadAsync(call.Actor, owner, folder.Length == 0 ? name : $"{folder}/{name}", call.Cancel);
        var urls = new string[parts];
        for (var number = 1; number <= parts; number++)
        {
            urls[number - 1] = await ArtifactLinkCalls.PartUrlAsync(call, upload.Id, number);
        }

        await call.AnswerAsync(json => WriteUpload(json, upload.Id, urls));
    }

    private static async Task CompleteAsync(MlflowCall call)
    {
        var owner = ArtifactProxyCalls.AddressOf(call).Owner;
        List<ArtifactPart> parts = [.. call.Items("parts").Select(ReadPart)];
        await call.Service<RunArtifacts>().CompleteUploadAsync(call.Actor, owner, call.RequiredText("upload_id"), parts, call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task AbortAsync(MlflowCall call)
    {
        var owner = ArtifactProxyCalls.AddressOf(call).Owner;
        await call.Service<RunArtifacts>().AbortUploadAsync(call.Actor, owner, call.RequiredText("upload_id"), call.Cancel);
        await call.AnswerAsync();
    }

    /// <summary>Clients send the path of their local file, on whatever system; only its name is the artifact's.</summary>
    private static string NameOf(string localFile) => localFile[(localFile.LastIndexOfAny(['/', '\\']) + 1)..];

    private static ArtifactPart ReadPart(JsonElement part)
    {
        var number = MlflowFields.Find(part, "part_number") is { } given ? MlflowFields.Integer(given, "part_number") : throw MlflowFields.Missing("part_number");
        Limit.Range("The number of a part", number, 1, BlobUploads.MaxParts);
        return new ArtifactPart((int)number, MlflowFields.RequiredText(part, "etag").Trim('"'));
    }

    private static void WriteUpload(Utf8JsonWriter json, string upload, string[] urls)
    {
        json.WriteString("upload_id", upload);
        json.WriteStartArray("credentials");
        for (var number = 1; number <= urls.Length; number++)
        {
            json.WriteStartObject();
            json.WriteString("url", urls[number - 1]);
            json.WriteNumber("part_number", number);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
