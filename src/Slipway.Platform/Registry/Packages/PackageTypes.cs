using System.Text.Json.Serialization;

namespace Slipway.Platform.Registry.Packages;

/// <summary>One file of a version's package.</summary>
/// <param name="Sha256">64 lower-case hex digits.</param>
/// <param name="BlobKey">Where its bytes are, unless they are the text in <paramref name="Content"/>.</param>
public sealed record PackageFile(
    string Name, long Bytes, string Sha256, [property: JsonIgnore] string? BlobKey, [property: JsonIgnore] string? Content);

/// <summary>The names that every package has a file under.</summary>
public static class PackageFiles
{
    public const string Model = "model.onnx";

    /// <summary>What the version was made of: its source, and the schema of its inputs and outputs.</summary>
    public const string Configuration = "config.json";

    /// <summary>Which code trained it, on what.</summary>
    public const string Code = "code.json";

    /// <summary>Its metrics when it was registered, and the data behind them.</summary>
    public const string Evaluation = "evaluation.json";

    /// <summary>What serving goes by: signature, feature service and feature views.</summary>
    public const string Serving = "serving.json";
}

/// <param name="Manifest">Canonical text; see <see cref="PackageManifest"/>.</param>
/// <param name="KeyId">Which key signed it.</param>
/// <param name="Signature">ECDSA P-256 over the SHA-256 of the manifest's UTF-8, in DER, as <c>openssl dgst -verify</c> takes it.</param>
public sealed record SignedPackage(string Manifest, string KeyId, byte[] Signature, IReadOnlyList<PackageFile> Files);

/// <param name="Reason">What is wrong, or null when the package holds.</param>
public sealed record PackageVerdict(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] bool Intact, string? Reason, string? KeyId, int Files);

/// <param name="PublicKey">PEM, SubjectPublicKeyInfo.</param>
public sealed record PackageKey(string KeyId, string PublicKey);
