using System.Security.Cryptography;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Blobs;

/// <param name="Key">Where it is, with '/' between the segments.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Of the content, 64 lower-case hex digits.</param>
public sealed record BlobInfo(string Key, long Bytes, string Sha256);

/// <summary>
/// Files under one folder. A blob appears whole or not at all: it is written beside its place, flushed to disk and renamed.
/// No key reaches outside the folder.
/// </summary>
public sealed class BlobStore
{
    private const string Incoming = ".incoming";

    private readonly string root;

    public BlobStore(string folder)
    {
        root = Path.GetFullPath(folder);
        Directory.CreateDirectory(Path.Combine(root, Incoming));
    }

    /// <summary>Writes or replaces the blob.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a bad key, Unavailable when the disk is full.</exception>
    public async Task<BlobInfo> PutAsync(string key, Stream content, CancellationToken cancel)
    {
        var target = Locate(key);
        var (temporary, bytes, hash) = await ReceiveAsync(content, cancel);
        Publish(temporary, target);
        return new BlobInfo(key, bytes, hash);
    }

    /// <summary>Writes the content under its own hash; the same content is kept once.</summary>
    public async Task<BlobInfo> PutContentAsync(Stream content, CancellationToken cancel)
    {
        var (temporary, bytes, hash) = await ReceiveAsync(content, cancel);
        var key = $"sha256/{hash[..2]}/{hash[2..]}";
        Publish(temporary, Locate(key));
        return new BlobInfo(key, bytes, hash);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Stream OpenRead(string key)
    {
        var file = Locate(key);
        return File.Exists(file)
            ? new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, useAsync: true)
            : throw SlipwayException.NotFound($"There is no blob '{key}'.");
    }

    /// <summary>The local file of a blob, for natives (DuckDB, ONNX Runtime) that read files themselves. Not to be written.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public string LocalPath(string key)
    {
        var file = Locate(key);
        return File.Exists(file) ? file : throw SlipwayException.NotFound($"There is no blob '{key}'.");
    }

    public bool Exists(string key) => File.Exists(Locate(key));

    /// <summary>Keys below a folder, sorted by ordinal.</summary>
    /// <param name="prefix">A folder's key, or the empty string for all.</param>
    public IReadOnlyList<string> List(string prefix)
    {
        var folder = prefix.Length == 0 ? root : Locate(prefix);
        if (!Directory.Exists(folder))
        {
            return [];
        }

        return
        [
            .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(root, file).Replace(Path.DirectorySeparatorChar, '/'))
                .Where(key => !key.StartsWith(Incoming, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <returns>False when there was none.</returns>
    public bool Delete(string key)
    {
        var file = Locate(key);
        var existed = File.Exists(file);
        File.Delete(file);
        return existed;
    }

    /// <summary>Removes what writers that died left behind.</summary>
    public void RemoveUnfinished(DateTimeOffset olderThan)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(root, Incoming)))
        {
            if (File.GetLastWriteTimeUtc(file) < olderThan.UtcDateTime)
            {
                File.Delete(file);
            }
        }
    }

    private string Locate(string key)
    {
        BlobKey.Check(key);
        var path = root;
        foreach (var segment in key.Split('/'))
        {
            path = Path.Combine(path, segment);
            if (new FileInfo(path).LinkTarget is not null)
            {
                throw SlipwayException.Invalid($"Blob key '{key}' passes through a symbolic link.");
            }
        }

        return path;
    }

    private async Task<(string File, long Bytes, string Hash)> ReceiveAsync(Stream content, CancellationToken cancel)
    {
        var temporary = Path.Combine(root, Incoming, Guid.CreateVersion7().ToString("N"));
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, useAsync: true);
            var buffer = new byte[1 << 16];
            long bytes = 0;
            int read;
            while ((read = await content.ReadAsync(buffer, cancel)) > 0)
            {
                hash.AppendData(buffer, 0, read);
                await file.WriteAsync(buffer.AsMemory(0, read), cancel);
                bytes += read;
            }

            await file.FlushAsync(cancel);
            file.Flush(flushToDisk: true);
            return (temporary, bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        catch (Exception failure)
        {
            File.Delete(temporary);
            if (failure is IOException or UnauthorizedAccessException)
            {
                throw new SlipwayException(ErrorKind.Unavailable, $"The blob could not be written below '{root}': {failure.Message}", failure);
            }

            throw;
        }
    }

    private static void Publish(string temporary, string target)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Move(temporary, target, overwrite: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw SlipwayException.Invalid($"The blob cannot be placed there: {failure.Message}");
        }
    }
}
