using System.IO.Enumeration;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Blobs;

/// <summary>The folder that holds the blobs: where a key's file is, and that no symbolic link leads elsewhere.</summary>
internal sealed class BlobFolder
{
    /// <summary>Holds what is being written, and multipart uploads; no key reaches it.</summary>
    public const string Incoming = ".incoming";

    private readonly string root;

    public BlobFolder(string folder)
    {
        root = WithoutLinks(Directory.CreateDirectory(folder).FullName);
        IncomingPath = Path.Combine(root, Incoming);
        Directory.CreateDirectory(IncomingPath);
    }

    public string IncomingPath { get; }

    /// <summary>A new path to write to, on the same disk as every blob.</summary>
    public string NewPath() => Path.Combine(IncomingPath, Guid.CreateVersion7().ToString("N"));

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a bad key or one that passes through a link.</exception>
    public string PathOf(string key)
    {
        BlobKey.Check(key);
        var path = root;
        foreach (var segment in key.Split('/'))
        {
            path = Path.Combine(path, segment);
            if (new FileInfo(path).LinkTarget is not null)
            {
                throw ThroughLink(key);
            }
        }

        return path;
    }

    /// <param name="folder">A folder's key, or the empty string for all.</param>
    public string PathOfFolder(string folder) => folder.Length == 0 ? root : PathOf(folder);

    /// <summary>
    /// Opens a file for reading. What was opened is compared with what was asked for, so a link that is put there between
    /// look and open is noticed as well (on Linux; elsewhere only the look protects).
    /// </summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public SafeFileHandle OpenRead(string key)
    {
        var path = PathOf(key);
        if (!File.Exists(path))
        {
            throw Missing(key);
        }

        SafeFileHandle handle;
        try
        {
            handle = File.OpenHandle(
                path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Missing(key);
        }

        if (OperatingSystem.IsLinux() && OpenedPath(handle) is { } opened && opened != path && !opened.EndsWith(" (deleted)", StringComparison.Ordinal))
        {
            handle.Dispose();
            throw ThroughLink(key);
        }

        return handle;
    }

    /// <summary>Names in a folder, or the paths of all files below it; what is a link or being written is left out.</summary>
    public IEnumerable<(string Path, bool IsFolder)> Names(string folder, bool recursive)
    {
        var start = PathOfFolder(folder);
        if (!Directory.Exists(start))
        {
            return [];
        }

        var options = new EnumerationOptions
        {
            RecurseSubdirectories = recursive,
            AttributesToSkip = FileAttributes.ReparsePoint,
            IgnoreInaccessible = false,
        };
        return new FileSystemEnumerable<(string Path, bool IsFolder)>(
            start, (ref FileSystemEntry entry) => (RelativeTo(start, ref entry), entry.IsDirectory), options)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !(recursive && entry.IsDirectory) && !IsIncoming(ref entry),
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !IsIncoming(ref entry),
        };
    }

    /// <summary>What is in the folder of unfinished writes and has not changed since.</summary>
    public IEnumerable<FileSystemInfo> Unfinished(DateTimeOffset before) =>
        new DirectoryInfo(IncomingPath).EnumerateFileSystemInfos().Where(entry => entry.LastWriteTimeUtc < before.UtcDateTime);

    /// <summary>A folder exists as long as something is in it.</summary>
    public void RemoveEmptyParents(string key)
    {
        try
        {
            for (var end = key.LastIndexOf('/'); end > 0; end = key.LastIndexOf('/', end - 1))
            {
                Directory.Delete(Path.Combine(root, key[..end]));
            }
        }
        catch (IOException)
        {
            // Something else is in it.
        }
    }

    /// <summary>Removes a file, or a folder with all in it; links go without what they point at.</summary>
    public static void Remove(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
            else
            {
                File.Delete(path);
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Somebody else removes it too.
        }
    }

    public static long BytesOf(FileSystemInfo entry) => entry is FileInfo file
        ? file.Length
        : ((DirectoryInfo)entry).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Sum(part => part.Length);

    public static SlipwayException Missing(string key) => SlipwayException.NotFound($"There is no blob '{key}'.");

    private bool IsIncoming(ref FileSystemEntry entry) => entry.FileName is Incoming && entry.Directory.SequenceEqual(root);

    private static string RelativeTo(string start, ref FileSystemEntry entry) => entry.Directory.Length == start.Length
        ? entry.FileName.ToString()
        : string.Concat(entry.Directory[(start.Length + 1)..], "/", entry.FileName).Replace(Path.DirectorySeparatorChar, '/');

    private static SlipwayException ThroughLink(string key) =>
        SlipwayException.Invalid($"Blob key '{BlobKey.Printable(key)}' passes through a symbolic link.");

    [SupportedOSPlatform("linux")]
    private static string? OpenedPath(SafeFileHandle handle) =>
        new FileInfo($"/proc/self/fd/{handle.DangerousGetHandle()}").LinkTarget;

    /// <summary>The operator may keep the data folder behind a link; within it there are none.</summary>
    private static string WithoutLinks(string path)
    {
        var real = Path.GetPathRoot(path)!;
        foreach (var segment in path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, segment);
            real = new DirectoryInfo(real).ResolveLinkTarget(returnFinalTarget: true) is { } target ? WithoutLinks(target.FullName) : real;
        }

        return real;
    }
}
