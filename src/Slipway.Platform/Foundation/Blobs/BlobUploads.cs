using System.Globalization;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Blobs;

/// <summary>
/// Blobs that arrive in parts, in any order and perhaps twice. The parts of an upload are files in a folder of its own; the
/// blob appears when all of them are put together.
/// </summary>
public sealed class BlobUploads
{
    public const int MaxParts = 10_000;

    private const string Target = "target";

    private readonly BlobFolder folder;
    private readonly Func<string, ReceivedFile, BlobInfo> place;

    internal BlobUploads(BlobFolder folder, Func<string, ReceivedFile, BlobInfo> place) => (this.folder, this.place) = (folder, place);

    /// <summary>Opens an upload, which is forgotten when it is not continued for a day.</summary>
    /// <param name="key">Of the blob that it will be.</param>
    /// <returns>The id of the upload: 32 hex digits.</returns>
    public string Begin(string key)
    {
        folder.PathOf(key);
        var path = folder.NewPath();
        try
        {
            Directory.CreateDirectory(path);
            File.WriteAllText(Path.Combine(path, Target), key);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            BlobFolder.Remove(path);
            throw DiskErrors.Unavailable(failure);
        }

        return Path.GetFileName(path);
    }

    /// <returns>The key of the blob that the upload will be.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public string KeyOf(string upload)
    {
        var file = Path.Combine(PathOf(upload), Target);
        return File.Exists(file) ? File.ReadAllText(file) : throw Missing(upload);
    }

    /// <summary>Receives a part, or receives it again.</summary>
    /// <param name="number">1 to 10,000.</param>
    public async Task<BlobPart> PutPartAsync(string upload, int number, Stream content, CancellationToken cancel)
    {
        Limit.Range("The number of a part", number, 1, MaxParts);
        KeyOf(upload);
        var received = await BlobIntake.ReceiveAsync(folder, content, cancel);
        try
        {
            // The name says what is in it, so the parts that are asked for at the end are the parts that came.
            File.Move(received.Path, Path.Combine(PathOf(upload), NameOf(number, received.Sha256)), overwrite: true);
        }
        catch (DirectoryNotFoundException)
        {
            throw Missing(upload);
        }
        finally
        {
            File.Delete(received.Path);
        }

        return new BlobPart(number, received.Bytes, received.Sha256);
    }

    /// <summary>Puts the parts together in the order of their numbers; the upload is gone then.</summary>
    /// <param name="parts">All parts from 1 on, each with the SHA-256 that its arrival was answered with.</param>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> when parts are missing or not as named; the upload can go on then. NotFound without it.
    /// </exception>
    public async Task<BlobInfo> CompleteAsync(string upload, IReadOnlyCollection<(int Number, string Sha256)> parts, CancellationToken cancel)
    {
        var key = KeyOf(upload);
        var files = Files(upload, parts);
        using var intake = new BlobIntake(folder);
        foreach (var file in files)
        {
            await using var part = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
            await intake.AppendAsync(part, cancel);
        }

        var blob = place(key, intake.Finish());
        Abort(upload);
        return blob;
    }

    /// <summary>Forgets the upload and its parts.</summary>
    /// <returns>False when there was none.</returns>
    public bool Abort(string upload)
    {
        var path = PathOf(upload);
        var existed = Directory.Exists(path);
        BlobFolder.Remove(path);
        return existed;
    }

    private List<string> Files(string upload, IReadOnlyCollection<(int Number, string Sha256)> parts)
    {
        Limit.Range("The number of parts", parts.Count, 1, MaxParts);
        var files = new List<string>(parts.Count);
        foreach (var (number, sha256) in parts.OrderBy(part => part.Number))
        {
            if (number != files.Count + 1)
            {
                throw SlipwayException.Invalid($"An upload is completed with each of its parts once, from 1 on; part {files.Count + 1} is not the next.");
            }

            var file = IsHex(sha256, 64) ? Path.Combine(PathOf(upload), NameOf(number, sha256)) : "";
            files.Add(File.Exists(file) ? file : throw SlipwayException.Invalid($"Part {number} of upload '{upload}' has not arrived with this content."));
        }

        return files;
    }

    private string PathOf(string upload) => IsHex(upload, 32) ? Path.Combine(folder.IncomingPath, upload) : throw Missing(BlobKey.Printable(upload));

    private static string NameOf(int number, string sha256) => string.Create(CultureInfo.InvariantCulture, $"{number}-{sha256}");

    private static bool IsHex(string text, int length) => text.Length == length && text.All(char.IsAsciiHexDigitLower);

    private static SlipwayException Missing(string upload) => SlipwayException.NotFound($"There is no upload '{upload}'; it may have been completed or aborted.");
}
