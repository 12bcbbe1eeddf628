using System.Security.Cryptography;
using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Registry;
using Slipway.Platform.Registry.Packages;
using Slipway.TestKit;
using static Slipway.Tests.Registry.RegistryKit;

namespace Slipway.Tests.Registry;

public abstract class PackageContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private RegistryKit kit = null!;
    private ModelVersion version = null!;

    protected override async Task PrepareAsync()
    {
        kit = new RegistryKit(Db, Folder.Combine("blobs"), Time);
        await kit.Registry.RegisterModelAsync(Carl, new NewModel("delay"), Cancel);
        version = await kit.CreateAsync("delay", "the bytes", v => v with { Metrics = new Dictionary<string, double> { ["auc"] = 0.7 } });
    }

    private Task<(ModelVersion Version, byte[] Bytes)> LoadAsync() => kit.Packages.LoadAsync("delay", "1", Cancel);

    private Task<string> RefusedAsync() => FailsAsync(ErrorKind.FailedPrecondition, LoadAsync);

    /// <summary>As somebody does who can write the database.</summary>
    private Task TamperAsync(string column, string value) => Db.ExecuteAsync(
        $"update model_versions set {column} = @value where model = 'delay'", c => c.With("value", value), Cancel);

    [Fact]
    public async Task A_package_is_verified_by_its_public_key_and_nothing_else_of_ours()
    {
        var package = await kit.Packages.GetAsync(Carl, "delay", "1", Cancel);
        var model = Convert.ToHexStringLower(SHA256.HashData("the bytes"u8));
        Assert.StartsWith("slipway-package 1\nmodel delay\nversion 1.0.0\nnumber 1\nfile code.json ", package.Manifest, StringComparison.Ordinal);
        Assert.Contains($"\nfile model.onnx 9 {model}\n", package.Manifest, StringComparison.Ordinal);
        Assert.Equal(["code.json", "config.json", "evaluation.json", "model.onnx", "serving.json"], package.Files.Select(f => f.Name));

        using var key = ECDsa.Create();
        key.ImportFromPem(kit.Packages.Key.PublicKey);
        Assert.True(key.VerifyData(
            Encoding.UTF8.GetBytes(package.Manifest), package.Signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        using var evaluation = new StreamReader(await kit.Packages.OpenFileAsync(Carl, "delay", "1", "evaluation.json", Cancel));
        Assert.Equal("""{"metrics":{"auc":0.7},"inputs":[]}""", await evaluation.ReadToEndAsync(Cancel));
        Assert.Equal("the bytes"u8.ToArray(), (await LoadAsync()).Bytes);
        Assert.Equal(new PackageVerdict(true, null, kit.Packages.Key.KeyId, 5), await kit.Packages.VerifyAsync(Carl, "delay", "1", Cancel));
    }

    [Fact]
    public async Task A_changed_file_is_not_loaded()
    {
        await File.WriteAllTextAsync(kit.Blobs.LocalPath(version.File!.Key), "evil bytes", Cancel);
        Assert.StartsWith("The file model.onnx of model/delay/1.0.0 was changed after it was registered", await RefusedAsync(), StringComparison.Ordinal);
        Assert.Equal("its file model.onnx was changed after it was signed", (await kit.Packages.VerifyAsync(Carl, "delay", "1", Cancel)).Reason);
    }

    [Fact]
    public async Task Another_file_in_its_place_is_not_loaded_even_when_the_database_says_so()
    {
        var evil = await kit.Blobs.PutContentAsync(Bytes("evil"), Cancel);
        await TamperAsync("blob_key", evil.Key);
        await TamperAsync("blob_sha256", evil.Sha256);
        Assert.EndsWith("its file, signature or features in the registry are not those that were signed.", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("manifest", "slipway-package 1\nmodel delay\nversion 1.0.0\nnumber 1\n")]
    [InlineData("manifest_signature", "MEUCIQDx")]
    [InlineData("manifest_signature", "not base64 at all")]
    public async Task A_changed_manifest_or_signature_is_not_loaded(string column, string value)
    {
        await TamperAsync(column, value);
        Assert.EndsWith("its manifest or its signature was changed after it was signed.", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_changed_in_the_database_is_found()
    {
        await Db.ExecuteAsync("update model_version_files set content = '{}' where name = 'serving.json'", null, Cancel);
        Assert.EndsWith("its file serving.json was changed after it was signed.", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("feature_service", "other")]
    [InlineData("signature", """{"inputs":[{"name":"other","type":"int64"}],"outputs":[{"name":"p","type":"float32"}]}""")]
    public async Task What_serving_goes_by_is_what_was_signed(string column, string value)
    {
        await TamperAsync(column, value);
        Assert.EndsWith("are not those that were signed.", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_slipped_into_the_package_is_found()
    {
        await Db.ExecuteAsync("update model_version_files set name = 'other.json' where name = 'code.json'", null, Cancel);
        Assert.EndsWith("its files are not those of its signed manifest.", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_its_signature_it_is_not_loaded()
    {
        await Db.ExecuteAsync("update model_versions set manifest = null", null, Cancel);
        Assert.Equal("The package of model/delay/1.0.0 is not loaded: it is not signed.", await RefusedAsync());
    }

    [Fact]
    public async Task The_package_of_another_version_does_not_fit()
    {
        await kit.CreateAsync("delay", "the bytes");
        await Db.ExecuteAsync(
            """
            update model_versions set manifest = (select manifest from model_versions where number = 1),
              manifest_signature = (select manifest_signature from model_versions where number = 1) where number = 2
            """,
            null,
            Cancel);
        await FailsAsync(ErrorKind.FailedPrecondition, () => kit.Packages.LoadAsync("delay", "2", Cancel));
    }

    [Fact]
    public async Task A_key_that_is_not_known_is_refused_until_it_is_trusted()
    {
        using var stranger = new PackageKeys(Folder.Combine("stranger"));
        var package = await kit.Packages.GetAsync(Carl, "delay", "1", Cancel);
        await TamperAsync("manifest_key", stranger.Own.KeyId);
        await TamperAsync("manifest_signature", Convert.ToBase64String(stranger.Sign(package.Manifest)));
        Assert.EndsWith($"it is signed by the key {stranger.Own.KeyId}, which is not trusted here.", await RefusedAsync(), StringComparison.Ordinal);

        // A signature under the name of a key that did not make it.
        await TamperAsync("manifest_key", kit.Packages.Key.KeyId);
        Assert.EndsWith("was changed after it was signed.", await RefusedAsync(), StringComparison.Ordinal);

        await TamperAsync("manifest_key", stranger.Own.KeyId);
        Folder.WriteText("keys/trusted/stranger.pem", stranger.Own.PublicKey);
        var restarted = new RegistryKit(Db, Folder.Combine("blobs"), Time);
        Assert.Equal("the bytes"u8.ToArray(), (await restarted.Packages.LoadAsync("delay", "1", Cancel)).Bytes);
        Assert.Equal(kit.Packages.Key, restarted.Packages.Key);
    }

    [Fact]
    public async Task A_file_is_added_signed_and_never_takes_the_models_place()
    {
        var package = await kit.Packages.PutFileAsync(Carl, "delay", "1", "slices.csv", Bytes("carrier,auc"), Cancel);
        Assert.Contains("\nfile slices.csv 11 ", package.Manifest, StringComparison.Ordinal);
        Assert.True((await kit.Packages.VerifyAsync(Carl, "delay", "1", Cancel)).Intact);
        Assert.Equal("model_version.file", (await kit.Audit.ListAsync(version.Ref, null, null, 1, Cancel)).Items[0].Action);
        foreach (var name in new[] { "model.onnx", "serving.json", "a b", "../a", "", ".x", "a/b" })
        {
            await FailsAsync(ErrorKind.Invalid, () => kit.Packages.PutFileAsync(Carl, "delay", "1", name, Bytes("x"), Cancel));
        }

        await File.WriteAllTextAsync(kit.Blobs.LocalPath(package.Files.Single(f => f.Name == "slices.csv").BlobKey!), "other", Cancel);
        Assert.Equal("its file slices.csv was changed after it was signed", (await kit.Packages.VerifyAsync(Carl, "delay", "1", Cancel)).Reason);
    }

    [Fact]
    public async Task Adding_a_file_does_not_make_a_changed_package_good()
    {
        await TamperAsync("feature_service", "other");
        await FailsAsync(ErrorKind.FailedPrecondition, () => kit.Packages.PutFileAsync(Carl, "delay", "1", "a.txt", Bytes("x"), Cancel));
        await RefusedAsync();
    }

    [Fact]
    public async Task What_was_registered_before_there_was_a_key_is_signed_at_the_first_start_and_never_again()
    {
        await Db.ExecuteAsync("delete from model_version_files", null, Cancel);
        await Db.ExecuteAsync("update model_versions set manifest = null", null, Cancel);
        var startup = new PackageStartup(Db, kit.Get<PackageKeys>(), kit.Packages, kit.Registry, kit.Audit);
        await startup.StartAsync(Cancel);
        Assert.Equal("the bytes"u8.ToArray(), (await LoadAsync()).Bytes);

        await Db.ExecuteAsync("update model_versions set manifest = null", null, Cancel);
        await startup.StartAsync(Cancel);
        await RefusedAsync();
        await FailsAsync(ErrorKind.Forbidden, () => kit.Packages.SignAsync(Ann, "delay", "1", Cancel));
        await kit.Packages.SignAsync(new("root", Platform.Access.Role.Admin), "delay", "1", Cancel);
        Assert.Equal("the bytes"u8.ToArray(), (await LoadAsync()).Bytes);
    }

    [Fact]
    public void The_private_key_is_its_owners_alone()
    {
        _ = kit.Packages.Key;
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Folder.Combine("keys/signing.pem")));
        }

        Folder.WriteText("given/signing.pem", "no key");
        var wrong = Assert.Throws<SlipwayException>(() => new PackageKeys(Folder.Combine("given")));
        Assert.Contains("does not hold a PEM key of the curve P-256", wrong.Message, StringComparison.Ordinal);
    }
}

public sealed class PackagesOnSqlite() : PackageContract(null);

public sealed class PackagesOnPostgres(PostgresServer postgres) : PackageContract(postgres);
