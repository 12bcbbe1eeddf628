using System.Data.Common;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Registry.Packages;

/// <summary>The files of packages, and what was signed.</summary>
internal static class PackageStore
{
    private const string Columns = "name, bytes, sha256, blob_key, content";

    public static Task PutFileAsync(DbSession session, ModelVersion version, PackageFile file, CancellationToken cancel) =>
        session.ExecuteAsync(
            $"""
            insert into model_version_files (model, number, {Columns})
            values (@model, @number, @name, @bytes, @sha, cast(@blob as text), cast(@content as text))
            on conflict (model, number, name) do update
            set bytes = excluded.bytes, sha256 = excluded.sha256, blob_key = excluded.blob_key, content = excluded.content
            """,
            c => c.With("model", version.Model).With("number", version.Number).With("name", file.Name).With("bytes", file.Bytes)
                .With("sha", file.Sha256).With("blob", file.BlobKey).With("content", file.Content),
            cancel);

    /// <summary>By name, in byte order.</summary>
    public static Task<List<PackageFile>> FilesAsync(DbSession session, ModelVersion version, CancellationToken cancel) =>
        session.QueryAsync(
            $"select {Columns} from model_version_files where model = @model and number = @number order by name",
            c => c.With("model", version.Model).With("number", version.Number),
            Read,
            cancel);

    public static Task PutSignatureAsync(
        DbSession session, ModelVersion version, string manifest, string keyId, byte[] signature, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            update model_versions set manifest = @manifest, manifest_key = @key, manifest_signature = @signature
            where model = @model and number = @number
            """,
            c => c.With("model", version.Model).With("number", version.Number).With("manifest", manifest).With("key", keyId)
                .With("signature", Convert.ToBase64String(signature)),
            cancel);

    /// <returns>Null when the version is not signed.</returns>
    public static Task<(string Manifest, string KeyId, byte[] Signature)?> SignatureAsync(
        DbSession session, ModelVersion version, CancellationToken cancel) =>
        session.FirstAsync<(string, string, byte[])?>(
            """
            select manifest, manifest_key, manifest_signature from model_versions
            where model = @model and number = @number and manifest is not null
            """,
            c => c.With("model", version.Model).With("number", version.Number),
            row => (row.GetString(0), row.Text(1) ?? "", FromBase64(row.Text(2))),
            cancel);

    /// <summary>Versions that have a file and no signature, some of them.</summary>
    public static Task<List<(string Model, int Number)>> UnsignedAsync(DbSession session, int max, CancellationToken cancel) =>
        session.QueryAsync(
            "select model, number from model_versions where manifest is null and blob_key <> '' order by model, number limit @max",
            c => c.With("max", max),
            row => (row.GetString(0), row.GetInt32(1)),
            cancel);

    private static PackageFile Read(DbDataReader row) =>
        new(row.GetString(0), row.GetInt64(1), row.GetString(2), row.Text(3), row.Text(4));

    /// <summary>Somebody may have written something else there; no signature fits it.</summary>
    private static byte[] FromBase64(string? text)
    {
        var bytes = new byte[text?.Length ?? 0];
        return Convert.TryFromBase64String(text ?? "", bytes, out var length) ? bytes[..length] : [];
    }
}
