using System.Security.Cryptography;
using System.Text;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Registry.Packages;

/// <summary>Signs what a version is made of, and finds what was changed since.</summary>
public sealed class PackageSeal(PackageKeys keys)
{
    /// <summary>Puts the version's files together and signs them, within the caller's transaction.</summary>
    internal async Task SealAsync(
        DbSession session, ModelVersion version, IReadOnlyList<PackageFile> documents, CancellationToken cancel)
    {
        var model = version.RequireFile();
        foreach (var file in documents.Prepend(new PackageFile(PackageFiles.Model, model.Bytes, model.Sha256, model.Key, null)))
        {
            await PackageStore.PutFileAsync(session, version, file, cancel);
        }

        await SignAsync(session, version, cancel);
    }

    /// <summary>Signs the files as they are.</summary>
    internal async Task SignAsync(DbSession session, ModelVersion version, CancellationToken cancel)
    {
        var manifest = PackageManifest.Write(version, await PackageStore.FilesAsync(session, version, cancel));
        await PackageStore.PutSignatureAsync(session, version, manifest, keys.Own.KeyId, keys.Sign(manifest), cancel);
    }

    internal async Task<SignedPackage?> FindAsync(DbSession session, ModelVersion version, CancellationToken cancel) =>
        await PackageStore.SignatureAsync(session, version, cancel) is { } signed
            ? new SignedPackage(signed.Manifest, signed.KeyId, signed.Signature, await PackageStore.FilesAsync(session, version, cancel))
            : null;

    /// <summary>Everything but the bytes of blobs: key, signature, list of files, documents, and what serving goes by.</summary>
    /// <returns>What is wrong, or null.</returns>
    internal string? Flaw(ModelVersion version, SignedPackage? package)
    {
        if (package is null)
        {
            return "it is not signed";
        }

        if (keys.Verify(package.KeyId, package.Manifest, package.Signature) is not { } valid)
        {
            return $"it is signed by the key {package.KeyId}, which is not trusted here";
        }

        if (!valid)
        {
            return "its manifest or its signature was changed after it was signed";
        }

        if (package.Manifest != PackageManifest.Write(version, package.Files))
        {
            return "its files are not those of its signed manifest";
        }

        var changed = package.Files.FirstOrDefault(file => file.Content is { } content
            && Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content))) != file.Sha256);
        if (changed is not null)
        {
            return $"its file {changed.Name} was changed after it was signed";
        }

        return package.Files.FirstOrDefault(f => f.Name == PackageFiles.Model)?.Sha256 == version.File?.Sha256
            && package.Files.FirstOrDefault(f => f.Name == PackageFiles.Serving)?.Sha256 == PackageDocuments.Serving(version).Sha256
                ? null
                : "its file, signature or features in the registry are not those that were signed";
    }
}
