using System.Security.Cryptography;
using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry.Packages;

/// <summary>
/// The signed packages of versions. Nothing is handed out to be loaded unless its signature, its manifest and its bytes fit
/// together and the key is trusted.
/// </summary>
public sealed class ModelPackages(
    Db db, BlobStore blobs, RegistryService registry, TrackingService tracking, PackageSeal seal, PackageKeys keys, AuditLog audit)
{
    private const int MaxFiles = 100;

    public PackageKey Key => keys.Own;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when it has no file or is not signed.</exception>
    public async Task<SignedPackage> GetAsync(Actor actor, string model, string reference, CancellationToken cancel)
    {
        var version = await registry.GetVersionAsync(actor, model, reference, cancel);
        version.RequireFile();
        return await db.ReadAsync(session => seal.FindAsync(session, version, cancel), cancel) ?? throw Refused(version, "it is not signed");
    }

    /// <summary>Checks all of a package, the bytes of every file included.</summary>
    public async Task<PackageVerdict> VerifyAsync(Actor actor, string model, string reference, CancellationToken cancel)
    {
        var version = await registry.GetVersionAsync(actor, model, reference, cancel);
        version.RequireFile();
        var package = await db.ReadAsync(session => seal.FindAsync(session, version, cancel), cancel);
        var flaw = seal.Flaw(version, package);
        foreach (var file in flaw is null ? package!.Files : [])
        {
            flaw ??= file.BlobKey is null ? null : await FlawAsync(file, cancel);
        }

        return new PackageVerdict(flaw is null, flaw, package?.KeyId, package?.Files.Count ?? 0);
    }

    /// <summary>The model's bytes, from their start, after all that was signed was found to be so.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when it has no file, it is gone, or was changed.</exception>
    public async Task<Stream> OpenModelAsync(Actor actor, string model, string reference, CancellationToken cancel)
    {
        var version = await registry.GetVersionAsync(actor, model, reference, cancel);
        return await OpenAsync(version, (await VerifiedAsync(version, cancel)).Files.First(f => f.Name == PackageFiles.Model), cancel);
    }

    /// <summary>One file of the package.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task<Stream> OpenFileAsync(Actor actor, string model, string reference, string name, CancellationToken cancel)
    {
        var version = await registry.GetVersionAsync(actor, model, reference, cancel);
        var package = await VerifiedAsync(version, cancel);
        var file = package.Files.FirstOrDefault(f => f.Name == name)
            ?? throw SlipwayException.NotFound($"The package of {version.Ref} has no file '{name}'.");
        return await OpenAsync(version, file, cancel);
    }

    /// <summary>The version and its model in memory: the very bytes whose hash was found to be the signed one.</summary>
    internal async Task<(ModelVersion Version, byte[] Bytes)> LoadAsync(string model, string reference, CancellationToken cancel)
    {
        var version = await registry.GetVersionAsync(model, reference, cancel);
        await VerifiedAsync(version, cancel);
        await using var stream = OpenBlob(version, version.RequireFile().Key);
        var bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes, cancel);
        RequireHash(version, PackageFiles.Model, version.RequireFile().Sha256, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        return (version, bytes);
    }

    /// <summary>Adds a file to the package, or replaces one that is not the model's or serving's, and signs it again.</summary>
    public async Task<SignedPackage> PutFileAsync(
        Actor actor, string model, string reference, string name, Stream content, CancellationToken cancel)
    {
        RegistryNames.CheckFile(name);
        if (name is PackageFiles.Model or PackageFiles.Serving)
        {
            throw SlipwayException.Invalid($"The file {name} of a package is what was registered and is not replaced; register another version.");
        }

        var version = await registry.RequireVersionAsync(actor, model, reference, Role.Contributor, cancel);
        version.RequireFile();
        var stored = await blobs.PutContentAsync(content, cancel);
        var file = new PackageFile(name, stored.Bytes, stored.Sha256, stored.Key, null);
        return await ChangeAsync(actor, version, file, cancel);
    }

    /// <summary>Signs a package with the server's key of today: one without a signature, or by a key that is not trusted any more.</summary>
    public async Task<SignedPackage> SignAsync(Actor actor, string model, string reference, CancellationToken cancel)
    {
        var version = await registry.RequireVersionAsync(actor, model, reference, Role.Admin, cancel);
        var file = version.RequireFile();
        if (await FlawAsync(new PackageFile(PackageFiles.Model, file.Bytes, file.Sha256, file.Key, null), cancel) is { } flaw)
        {
            throw Refused(version, flaw);
        }

        return await db.WriteAsync(
            async session =>
            {
                await SealAgainAsync(session, version, cancel);
                await audit.AppendAsync(session, actor, "model_version.sign", version.Ref, new { key = keys.Own.KeyId }, cancel);
                return (await seal.FindAsync(session, version, cancel))!;
            },
            cancel);
    }

    /// <summary>With documents made from what is known today; files that were added stay.</summary>
    internal async Task SealAgainAsync(DbSession session, ModelVersion version, CancellationToken cancel)
    {
        RunDetail? run = null;
        if (!string.IsNullOrEmpty(version.RunId))
        {
            try
            {
                run = await tracking.GetRunAsync(session, version.RunId, cancel);
            }
            catch (SlipwayException failure) when (failure.Kind == ErrorKind.NotFound)
            {
                // The run was one of another server or is gone; the package says less then.
            }
        }

        await seal.SealAsync(session, version, PackageDocuments.Of(version, run), cancel);
    }

    private Task<SignedPackage> ChangeAsync(Actor actor, ModelVersion version, PackageFile file, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            await registry.LockAsync(session, version.Model, cancel);
            var before = await seal.FindAsync(session, version, cancel);
            if (seal.Flaw(version, before) is { } flaw)
            {
                throw Refused(version, flaw); // or signing again would make it good
            }

            if (before!.Files.Count >= MaxFiles && before.Files.All(f => f.Name != file.Name))
            {
                throw SlipwayException.Invalid($"A package holds at most {MaxFiles} files; that of {version.Ref} has {before.Files.Count}.");
            }

            await PackageStore.PutFileAsync(session, version, file, cancel);
            await seal.SignAsync(session, version, cancel);
            await audit.AppendAsync(
                session, actor, "model_version.file", version.Ref, new { file.Name, file.Bytes, file.Sha256 }, cancel);
            return (await seal.FindAsync(session, version, cancel))!;
        },
        cancel);

    private async Task<SignedPackage> VerifiedAsync(ModelVersion version, CancellationToken cancel)
    {
        version.RequireFile();
        var package = await db.ReadAsync(session => seal.FindAsync(session, version, cancel), cancel);
        if (seal.Flaw(version, package) is not { } flaw)
        {
            return package!;
        }

        // Deleted since it was looked up, it has no package: that is no sign of tampering.
        await registry.GetVersionAsync(version.Model, version.Version.ToString(), cancel);
        throw Refused(version, flaw);
    }

    private async Task<Stream> OpenAsync(ModelVersion version, PackageFile file, CancellationToken cancel)
    {
        if (file.BlobKey is null)
        {
            return new MemoryStream(Encoding.UTF8.GetBytes(file.Content ?? ""));
        }

        var stream = OpenBlob(version, file.BlobKey);
        try
        {
            RequireHash(version, file.Name, file.Sha256, Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancel)));
            stream.Position = 0;
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private Stream OpenBlob(ModelVersion version, string key) => blobs.Exists(key)
        ? blobs.OpenRead(key)
        : throw new SlipwayException(ErrorKind.FailedPrecondition, $"The file of {version.Ref} is gone from the blob store ({key}).");

    private async Task<string?> FlawAsync(PackageFile file, CancellationToken cancel)
    {
        if (!blobs.Exists(file.BlobKey!))
        {
            return $"its file {file.Name} is gone from the blob store";
        }

        await using var stream = blobs.OpenRead(file.BlobKey!);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancel)) == file.Sha256
            ? null
            : $"its file {file.Name} was changed after it was signed";
    }

    private static void RequireHash(ModelVersion version, string name, string expected, string actual)
    {
        if (expected != actual)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition,
                $"The file {name} of {version.Ref} was changed after it was registered: its SHA-256 is {actual} and should be {expected}. It is not loaded.");
        }
    }

    private static SlipwayException Refused(ModelVersion version, string flaw) => new(
        ErrorKind.FailedPrecondition, $"The package of {version.Ref} is not loaded: {flaw}.");
}
