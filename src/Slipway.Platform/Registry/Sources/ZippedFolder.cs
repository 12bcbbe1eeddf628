using System.IO.Compression;
using Slipway.Core.Errors;
using Slipway.Core.Streams;

namespace Slipway.Platform.Registry.Sources;

/// <summary>A folder in a zip archive. Entries are only read by name, never written anywhere, and each to a limit.</summary>
internal sealed class ZippedFolder : IDisposable
{
    private const int MaxEntries = 10_000;

    private readonly ZipArchive archive;
    private readonly long maxBytes;

    /// <param name="file">Seekable; disposed with this.</param>
    /// <param name="maxBytes">Of one file when it is unpacked.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when it is no zip archive or has no MLmodel.</exception>
    public ZippedFolder(Stream file, long maxBytes)
    {
        this.maxBytes = maxBytes;
        try
        {
            archive = new ZipArchive(file, ZipArchiveMode.Read);
            Limit.Range("The number of files in a zip archive", archive.Entries.Count, 0, MaxEntries);
        }
        catch (InvalidDataException wrong)
        {
            file.Dispose();
            throw SlipwayException.Invalid($"The body is not a zip archive: {wrong.Message}");
        }

        // Archives are made of a folder or of what is in it.
        var described = archive.Entries.Where(e => e.Name == MlflowModelFile.Name).Select(e => e.FullName).MinBy(name => name.Length)
            ?? throw SlipwayException.Invalid("The zip archive has no file 'MLmodel'.");
        Root = described.Contains('/', StringComparison.Ordinal) ? described[..described.LastIndexOf('/')] : "";
    }

    /// <summary>Where its MLmodel is.</summary>
    public string Root { get; }

    public async Task<Stream?> OpenAsync(string path, CancellationToken cancel) =>
        archive.GetEntry(path) is { } entry ? Capped(await entry.OpenAsync(cancel), path) : null;

    public void Dispose() => archive.Dispose();

    /// <summary>What an archive says of its sizes is not believed: the bytes are counted as they come.</summary>
    private ForwardStream Capped(Stream entry, string path)
    {
        long total = 0;
        return new ForwardStream(
            entry,
            bytes =>
            {
                if ((total += bytes) > maxBytes)
                {
                    throw new SlipwayException(ErrorKind.TooLarge, $"'{path}' in the zip archive unpacks to more than the limit of {maxBytes} bytes.");
                }
            },
            failure => failure is InvalidDataException
                ? SlipwayException.Invalid($"'{path}' in the zip archive is damaged: {failure.Message}")
                : null);
    }
}
