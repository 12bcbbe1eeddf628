using System.Security.Cryptography;
using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Blobs;

namespace Slipway.Platform.Registry.Packages;

/// <summary>
/// The key that signs packages, <c>signing.pem</c> in a folder of its own, and the keys of others whose packages are loaded too,
/// <c>trusted/*.pem</c>. A server makes its key at its first start, unless one was put there.
/// </summary>
public sealed class PackageKeys : IDisposable
{
    private readonly ECDsa signing;
    private readonly Dictionary<string, ECDsa> trusted = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private readonly string fresh;

    /// <param name="folder">Created when absent; the private key in it is readable by its owner only.</param>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.FailedPrecondition"/> naming a file that holds no P-256 key; Unavailable when the disk takes no key.
    /// </exception>
    public PackageKeys(string folder)
    {
        var file = Path.Combine(folder, "signing.pem");
        fresh = Path.Combine(folder, "signing.new");
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "trusted"));
            if (!File.Exists(file))
            {
                Make(file);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw DiskErrors.Unavailable(failure, $"the signing key in '{folder}'");
        }

        signing = Read(file);
        Own = new PackageKey(IdOf(signing), signing.ExportSubjectPublicKeyInfoPem());
        trusted[Own.KeyId] = signing;
        foreach (var other in Directory.EnumerateFiles(Path.Combine(folder, "trusted"), "*.pem"))
        {
            var key = Read(other);
            if (!trusted.TryAdd(IdOf(key), key))
            {
                key.Dispose();
            }
        }
    }

    /// <summary>The public part of the server's own key.</summary>
    public PackageKey Own { get; }

    /// <summary>True from the making of the key until all that was registered before has been signed with it.</summary>
    internal bool IsFresh => File.Exists(fresh);

    internal void Settle() => File.Delete(fresh);

    /// <returns>In DER.</returns>
    internal byte[] Sign(string manifest)
    {
        lock (gate)
        {
            return signing.SignData(Encoding.UTF8.GetBytes(manifest), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
    }

    /// <returns>Null when the key is not known.</returns>
    internal bool? Verify(string keyId, string manifest, byte[] signature)
    {
        if (!trusted.TryGetValue(keyId, out var key))
        {
            return null;
        }

        lock (gate)
        {
            return key.VerifyData(
                Encoding.UTF8.GetBytes(manifest), signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
    }

    public void Dispose()
    {
        foreach (var key in trusted.Values)
        {
            key.Dispose();
        }
    }

    /// <summary>The marker comes first: a crash in between leaves either no key, or one that is known to be fresh.</summary>
    private void Make(string file)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllBytes(fresh, []);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var temporary = file + ".tmp";
        using (var stream = new FileStream(temporary, options))
        {
            stream.Write(Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()));
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, file);
    }

    private static ECDsa Read(string file)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(file));
            if (key.ExportParameters(false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value)
            {
                return key;
            }
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            key.Dispose();
            throw Wrong(file, failure);
        }

        key.Dispose();
        throw Wrong(file, null);
    }

    private static SlipwayException Wrong(string file, Exception? inner) => new(
        ErrorKind.FailedPrecondition, $"'{file}' does not hold a PEM key of the curve P-256 that can be read.", inner);

    /// <summary>The first 16 hex digits of the SHA-256 of the public key's SubjectPublicKeyInfo.</summary>
    private static string IdOf(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16];
}
