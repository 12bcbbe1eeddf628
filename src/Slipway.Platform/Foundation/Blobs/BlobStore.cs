using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Blobs;

/// <summary>
/// Files under one folder. A blob appears whole or not at all: it is written beside its place, flushed to disk and renamed, and
/// its folder flushed, so that what was acknowledged is there after a power loss.
/// No key reaches outside the folder.
/// </summary>
public sealed class BlobStore
{
    /// <summary>The folder of the blobs that are named by their content.</summary>
    private const string Content = "sha256";

    private readonly BlobFolder folder;

    // Putting a blob and collecting it as garbage exclude each other, so what is put again is never lost.
    private readonly Lock placing = new();

    private readonly Action<string> flush;

    public BlobStore(string folder)
        : this(folder, FolderFlush.Flush)
    {
    }

    /// <param name="flush">Puts a folder's entries on the disk.</param>
    internal BlobStore(string folder, Action<string> flush)
    {
        this.flush = flush;
        this.folder = new BlobFolder(folder);
        Uploads = new BlobUploads(this.folder, Place);
    }

    /// <summary>Blobs that arrive in parts.</summary>
    public BlobUploads Uploads { get; }

    /// <summary>Writes or replaces the blob.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a bad key, Unavailable when the disk is full.</exception>
    public async Task<BlobInfo> PutAsync(string key, Stream content, CancellationToken cancel)
    {
        folder.PathOf(key);
        return Place(key, await BlobIntake.ReceiveAsync(folder, content, cancel));
    }

    /// <summary>
    /// Writes the content under its own hash; the same content is kept once. Whoever keeps the key in a table names the column
    /// with <see cref="BlobReferences"/>: what nobody names is collected as garbage.
    /// </summary>
    public async Task<BlobInfo> PutContentAsync(Stream content, CancellationToken cancel)
    {
        var received = await BlobIntake.ReceiveAsync(folder, content, cancel);
        return Place($"{Content}/{received.Sha256[..2]}/{received.Sha256[2..]}", received);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public OpenBlob Open(string key)
    {
        var handle = folder.OpenRead(key);
        return new OpenBlob(new FileStream(handle, FileAccess.Read, bufferSize: 0, isAsync: true), RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle));
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Stream OpenRead(string key) => new FileStream(folder.OpenRead(key), FileAccess.Read, 1 << 16, isAsync: true);

    /// <summary>The local file of a blob, for natives (DuckDB, ONNX Runtime) that read files themselves. Not to be written.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public string LocalPath(string key)
    {
        var file = folder.PathOf(key);
        return File.Exists(file) ? file : throw BlobFolder.Missing(key);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a bad key or one that passes through a link.</exception>
    public void Check(string key) => folder.PathOf(key);

    public bool Exists(string key) => File.Exists(folder.PathOf(key));

    /// <summary>Keys below a folder, sorted by ordinal.</summary>
    /// <param name="prefix">A folder's key, or the empty string for all.</param>
    public IReadOnlyList<string> List(string prefix) =>
        [.. folder.Names(prefix, recursive: true).Select(name => prefix.Length == 0 ? name.Path : $"{prefix}/{name.Path}").Order(StringComparer.Ordinal)];

    /// <summary>What is in a folder, by ordinal of the path: its files and folders, or all files below it.</summary>
    /// <param name="prefix">A folder's key, or the empty string for all. What is no folder is empty.</param>
    /// <param name="after">The path that the page before ended with; empty for the first page.</param>
    public IReadOnlyList<BlobEntry> List(string prefix, bool recursive, string after, int max)
    {
        var names = folder.Names(prefix, recursive).Where(name => string.CompareOrdinal(name.Path, after) > 0);
        var start = folder.PathOfFolder(prefix);

        // Only a page's files are asked for their size: that is a call to the system each.
        return
        [
            .. names.OrderBy(name => name.Path, StringComparer.Ordinal).Take(max)
                .Select(name => (name, file: new FileInfo(Path.Combine(start, name.Path))))
                .Where(entry => entry.name.IsFolder || entry.file.Exists)
                .Select(entry => new BlobEntry(entry.name.Path, entry.name.IsFolder, entry.name.IsFolder ? 0 : entry.file.Length)),
        ];
    }

    /// <summary>Files below a folder, or the file of this key.</summary>
    public BlobSum Measure(string key)
    {
        var path = folder.PathOf(key);
        var files = File.Exists(path)
            ? [new FileInfo(path)]
            : folder.Names(key, recursive: true).Select(name => new FileInfo(Path.Combine(path, name.Path)));
        var sum = new BlobSum(0, 0);
        foreach (var file in files.Where(file => file.Exists))
        {
            sum = new BlobSum(sum.Files + 1, sum.Bytes + file.Length);
        }

        return sum;
    }

    /// <summary>Deletes a blob, or a folder with everything below it, which disappears at once.</summary>
    /// <returns>False when there was none.</returns>
    public bool Delete(string key)
    {
        var path = folder.PathOf(key);
        var away = folder.NewPath();
        lock (placing)
        {
            if (File.Exists(path))
            {
                File.Move(path, away);
            }
            else if (Directory.Exists(path))
            {
                Directory.Move(path, away);
            }
            else
            {
                return false;
            }

            folder.RemoveEmptyParents(key);
        }

        BlobFolder.Remove(away);
        return true;
    }

    /// <summary>Blobs named by their content that were put before a time.</summary>
    public IEnumerable<BlobEntry> ContentBefore(DateTimeOffset before) => folder.Names(Content, recursive: true)
        .Select(name => (Key: $"{Content}/{name.Path}", File: new FileInfo(Path.Combine(folder.PathOf(Content), name.Path))))
        .Where(entry => entry.File.Exists && entry.File.LastWriteTimeUtc < before.UtcDateTime)
        .Select(entry => new BlobEntry(entry.Key, false, entry.File.Length));

    /// <summary>Deletes a blob unless it was put again since.</summary>
    public bool DeleteIfBefore(string key, DateTimeOffset before)
    {
        lock (placing)
        {
            var file = new FileInfo(folder.PathOf(key));
            if (!file.Exists || file.LastWriteTimeUtc >= before.UtcDateTime)
            {
                return false;
            }

            file.Delete();
            folder.RemoveEmptyParents(key);
            return true;
        }
    }

    /// <summary>What writers that died left behind, and uploads that nobody has continued since.</summary>
    public BlobSum UnfinishedBefore(DateTimeOffset before) => folder.Unfinished(before).Aggregate(
        new BlobSum(0, 0), (sum, entry) => new BlobSum(sum.Files + 1, sum.Bytes + BlobFolder.BytesOf(entry)));

    public void RemoveUnfinished(DateTimeOffset before)
    {
        foreach (var entry in folder.Unfinished(before).ToList())
        {
            BlobFolder.Remove(entry.FullName);
        }
    }

    private BlobInfo Place(string key, ReceivedFile received)
    {
        var placed = false;
        try
        {
            var target = folder.PathOf(key);
            lock (placing)
            {
                MakeFolder(Path.GetDirectoryName(target)!);
                File.Move(received.Path, target, overwrite: true);
            }

            placed = true;
            Flush(Path.GetDirectoryName(target)!);
            return new BlobInfo(key, received.Bytes, received.Sha256);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw DiskErrors.IsFull(failure) ? DiskErrors.Unavailable(failure) : SlipwayException.Invalid(
                $"The blob '{BlobKey.Printable(key)}' cannot be placed there: it is a folder, or one of its folders is a file.");
        }
        finally
        {
            if (!placed)
            {
                File.Delete(received.Path);
            }
        }
    }

    /// <summary>A new folder is an entry of the one above it. Flushed under the lock: nobody puts a blob into a folder that may not last.</summary>
    private void MakeFolder(string path)
    {
        if (!Directory.Exists(path))
        {
            var above = Path.GetDirectoryName(path)!;
            MakeFolder(above);
            Directory.CreateDirectory(path);
            Flush(above);
        }
    }

    private void Flush(string path)
    {
        try
        {
            flush(path);
        }
        catch (IOException failure)
        {
            throw new SlipwayException(
                ErrorKind.Unavailable, "The disk that holds the files did not confirm what was written; send it again.", failure);
        }
    }
}
